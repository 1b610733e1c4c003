"""Runs inside ComfyUI's Python: queues a prompt as the editor does, and prints every message of the server as JSON.

Arguments: the server's address, a file with the prompt, and after how many progress messages to interrupt (0: never).
With meta-batches, which queue themselves again, it goes on until nothing is queued any more.
"""

import asyncio
import json
import sys
import uuid

import aiohttp


async def main(address, file, interrupt_after):
    client, messages, progress = uuid.uuid4().hex, [], 0
    with open(file, encoding="utf-8") as opened:
        prompt = json.load(opened)
    async with (
        aiohttp.ClientSession(address) as session,
        session.ws_connect(f"/ws?clientId={client}", max_msg_size=0) as socket,
    ):
        async with session.post("/prompt", json={"prompt": prompt, "client_id": client}) as reply:
            answer = await reply.json()
        if "prompt_id" not in answer or answer["node_errors"]:
            return {"refused": answer, "messages": []}
        async for message in socket:
            if message.type == aiohttp.WSMsgType.BINARY:
                kind, form = (int.from_bytes(message.data[place : place + 4], "big") for place in (0, 4))
                messages.append(
                    {"type": "binary", "data": {"event": kind, "form": form, "head": message.data[8:12].hex()}}
                )
                continue
            told = message.json()
            messages.append(told)
            if told["type"] == "progress":
                progress += 1
                if progress == interrupt_after:
                    async with session.post("/interrupt", json={"prompt_id": told["data"]["prompt_id"]}):
                        pass
            started = any(one["type"] == "execution_start" for one in messages)
            if started and told["type"] == "status" and not told["data"]["status"]["exec_info"]["queue_remaining"]:
                break
    return {"refused": None, "messages": messages}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
