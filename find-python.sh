#!/bin/sh
# Prints the newest Python from 3.12 on that runs here: on PATH, or kept by a version manager.
fits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

candidates() {
    for minor in 14 13 12; do echo "python3.$minor"; done
    echo python3
    echo python
    for root in "${PYENV_ROOT:-$HOME/.pyenv}/versions" "$HOME/.local/share/uv/python" "$HOME/.local/share/mise/installs/python" \
        "$HOME/.asdf/installs/python"; do
        ls -d "$root"/*3.1[2-9]*/bin/python3 2>/dev/null | sort -r
    done
    command -v pyenv >/dev/null 2>&1 && ls -d "$(pyenv root)"/versions/3.1[2-9]*/bin/python3 2>/dev/null | sort -r
    command -v uv >/dev/null 2>&1 && uv python find --no-python-downloads '>=3.12' 2>/dev/null
}

candidates | while read -r python; do
    if fits "$python"; then
        echo "$python"
        break
    fi
done
