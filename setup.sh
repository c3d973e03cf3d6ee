# Sourced by ./run and ./test.

# Of the Aspire release whose dashboard stands alone; independent of the packages' version.
readonly dashboard_package=@microsoft/aspire-cli-linux-x64@13.5.4
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

# What the build compiled with: the environment's Hosting, or the answer that the first restore wrote down.
hosting() {
  if [[ -n ${Hosting:-} ]]; then
    echo "$Hosting"
  elif [[ -f hosting.props ]]; then
    sed -n 's:.*<Hosting>\(.*\)</Hosting>.*:\1:p' hosting.props
  else
    echo Aspire
  fi
}

install_dashboard() {
  if command -v aspire >/dev/null || [[ -x .tools/node_modules/@microsoft/aspire-cli-linux-x64/bin/aspire ]]; then
    return
  fi
  echo "Installing Aspire's dashboard ($dashboard_package) into .tools"
  npm install --prefix .tools --no-save --no-audit --no-fund --loglevel error "$dashboard_package" ||
    echo "The dashboard could not be installed; the system runs without it." >&2
}
