# Sourced by ./run and ./test.

readonly node_major=20

stop() {
  echo "$1" >&2
  exit 1
}

require_dotnet() {
  command -v dotnet >/dev/null || stop 'The .NET SDK is missing: there is no "dotnet" on PATH. Install the .NET 10 SDK: https://dot.net/download'
  # global.json's answer to a machine that has an older SDK only.
  dotnet --version >/dev/null 2>&1 || stop ".NET SDK 10 is needed (global.json), and this machine has: $(cd / && dotnet --list-sdks | cut -d' ' -f1 | paste -sd' '). Install the .NET 10 SDK: https://dot.net/download"
}

require_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    stop "Node is missing: there is no \"node\" or no \"npm\" on PATH. The browser client is built with it. Install Node $node_major or later: https://nodejs.org"
  local version
  version=$(node --version)
  [[ $version =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= node_major)) || stop "Node $version is too old. Install Node $node_major or later: https://nodejs.org"
}
