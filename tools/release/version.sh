#!/bin/sh
# Prints the version of the tree: that of the file VERSION, for the commit that has its
# tag, and for any other one that it comes before that version, and which commit it is.
cd "$(dirname "$0")/../.." || exit 1
version=$(cat VERSION) || exit 1
if [ "$(git describe --tags --exact-match --match="v$version" --dirty 2>/dev/null)" = "v$version" ]; then
  echo "$version"
else
  echo "$version-dev.g$(git describe --always --exclude='*' --abbrev=12 --dirty=.dirty 2>/dev/null || echo unknown)"
fi
