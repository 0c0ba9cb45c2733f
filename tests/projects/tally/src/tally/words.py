"""Words."""


def initials(name):
    """The first letters of the words of a name."""
    return "".join(part[0] for part in name.split())


def shorten(text, n):
    """Text of at most n characters; what is cut off becomes three dots."""
    if len(text) <= n:
        return text
    return text[: n - 2] + "..."
