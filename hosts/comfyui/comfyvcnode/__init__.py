"""The node pack. Modules in this folder know vcnode and not ComfyUI; `nodes` knows both."""
