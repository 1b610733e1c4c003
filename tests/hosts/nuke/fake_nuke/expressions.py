"""Nuke's expressions, for knobs and for pixels: arithmetic, comparisons, `a ? b : c`, `[exists parent.input5]`."""

import re

import numpy as np

_TOKEN = re.compile(
    r"\s*(\d+\.?\d*(?:e-?\d+)?|\.\d+|[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*|\[[^\]]*\]|&&|\|\||==|!=|<=|>=|[-+*/()<>!?:])"
)


def evaluate(text, lookup):
    """The value of an expression; `lookup` gives that of a name, or of a command in brackets."""
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise RuntimeError(f"expression syntax error: {text!r} at {text[at:]!r}")
        tokens.append(match[1])
        at = match.end()
    reader = _Reader(tokens, lookup)
    value = reader.choice()
    if reader.tokens:
        raise RuntimeError(f"expression syntax error: {text!r}, left over {reader.tokens}")
    return value


class _Reader:
    def __init__(self, tokens, lookup):
        self.tokens, self.lookup = tokens, lookup

    def take(self, *wanted):
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def choice(self):
        condition = self.either()
        if not self.take("?"):
            return condition
        yes = self.choice()
        if not self.take(":"):
            raise RuntimeError("expression syntax error: ? without :")
        no = self.choice()
        return np.where(condition, yes, no) if isinstance(condition, np.ndarray) else (yes if condition else no)

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = float(bool(value) or bool(other))
        return value

    def both(self):
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            value = float(bool(value) and bool(other))
        return value

    def compared(self):
        value = self.sum()
        while operator := self.take("==", "!=", "<=", ">=", "<", ">"):
            other = self.sum()
            result = {
                "==": value == other,
                "!=": value != other,
                "<=": value <= other,
                ">=": value >= other,
                "<": value < other,
                ">": value > other,
            }[operator]
            value = result if isinstance(result, np.ndarray) else float(result)
        return value

    def sum(self):
        value = self.product()
        while operator := self.take("+", "-"):
            other = self.product()
            value = value + other if operator == "+" else value - other
        return value

    def product(self):
        value = self.single()
        while operator := self.take("*", "/"):
            other = self.single()
            value = value * other if operator == "*" else value / other
        return value

    def single(self):
        if self.take("-"):
            return -self.single()
        if self.take("!"):
            return float(not self.single())
        if self.take("("):
            value = self.choice()
            if not self.take(")"):
                raise RuntimeError("expression syntax error: ( without )")
            return value
        if not self.tokens:
            raise RuntimeError("expression syntax error: it ends too early")
        token = self.tokens.pop(0)
        return float(token) if token[0].isdigit() or token[0] == "." else self.lookup(token)
