"""Enough of Tcl to read scripts: commands, words in braces and quotes, lists."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Braced(str):
    """A word that stood in braces, as it stood."""


def commands(text):
    """The commands of a script, each a list of words."""
    words, at = [], 0
    while at < len(text):
        mark = text[at]
        if mark in "\n;":
            if words:
                yield words
            words, at = [], at + 1
        elif mark in " \t\r":
            at += 1
        elif mark == "#" and not words:
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        else:
            word, at = _word(text, at)
            words.append(word)
    if words:
        yield words


def split_list(text):
    """The elements of a list."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        else:
            word, at = _word(text, at)
            found.append(word)
    return found


def _word(text, at):
    if text[at] == "{":
        end = _closing(text, at)
        return Braced(text[at + 1 : end]), end + 1
    if text[at] == '"':
        return _quoted(text, at + 1)
    if text[at] == "[":
        end = text.index("]", at)
        return text[at : end + 1], end + 1
    end = at
    while end < len(text) and not text[end].isspace() and text[end] != ";":
        end += 2 if text[end] == "\\" else 1
    return _unescaped(text[at:end]), end


def _closing(text, at):
    depth, end = 0, at
    while end < len(text):
        if text[end] == "\\":
            end += 1
        elif text[end] == "{":
            depth += 1
        elif text[end] == "}":
            depth -= 1
            if depth == 0:
                return end
        end += 1
    raise ValueError(f"no end to the brace in {text[at : at + 60]!r}")


def _quoted(text, at):
    end = at
    while text[end] != '"':
        if text[end] in "[$":
            raise ValueError(f"Tcl would replace {text[end : end + 20]!r}")
        end += 2 if text[end] == "\\" else 1
    return _unescaped(text[at:end]), end + 1


def _unescaped(text):
    parts = text.split("\\")
    out, skip = parts[0], False
    for part in parts[1:]:
        if skip:
            out, skip = out + part, False
        elif part == "":
            out, skip = out + "\\", True
        else:
            out += _ESCAPES.get(part[0], part[0]) + part[1:]
    return out


def quote(text):
    """A value as one word."""
    if text and all(mark.isalnum() or mark in "_.-/:%+" for mark in text):
        return text
    for mark in '\\"[]{}$':
        text = text.replace(mark, "\\" + mark)
    return '"' + text.replace("\n", "\\n") + '"'
