#!/bin/bash
# Runs one fuzz target for some seconds: Tests/Fuzz/run.sh TARGET SECONDS [libFuzzer options]
#
# TARGET names Tests/Fuzz/TARGET.swift, which defines LLVMFuzzerTestOneInput. Its modules are compiled directly, because a package build
# cannot link libFuzzer's main: everything instrumented for coverage and address errors, our modules in one package.
# A finding is left in .build/fuzz/TARGET-findings, the corpus that grew in .build/fuzz/TARGET-corpus, and the status is not 0.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Target → the modules it needs, in the order of their dependencies.
declare -A modules=(
  [JSON]="JSON"
  [AudioFile]="CLinux Time CCrypto Secrets JSON HTTPTypes HTTP Settings EventLoop Conversation Store CXone"
  [Callback]="CLinux Time CCrypto Secrets JSON HTTPTypes HTTP Settings EventLoop Conversation Store CXone"
  [FastCGIRecords]="CLinux Time CCrypto Secrets JSON HTTPTypes HTTP EventLoop Logging Gateway"
  [CGIVariables]="CLinux Time CCrypto Secrets JSON HTTPTypes HTTP EventLoop Logging Gateway"
)
# Module → its sources, where they are not in Sources/MODULE.
declare -A sources=(
  [HTTPTypes]=".build/checkouts/swift-http-types/Sources/HTTPTypes"
  [Logging]=".build/checkouts/swift-log/Sources/Logging"
)
# Module → libraries it links.
declare -A libraries=([CCrypto]="-lcrypto")

target=${1:?"target: ${!modules[*]}"} seconds=${2:?"seconds"}
shift 2
[[ -v modules[$target] ]] || { echo "no such target: $target (there are: ${!modules[*]})" >&2; exit 64; }
[[ -d .build/checkouts ]] || swift package resolve

out=.build/fuzz/$target
rm -rf "$out" && mkdir -p "$out" ".build/fuzz/$target-corpus" ".build/fuzz/$target-findings"
swift_flags=(-parse-as-library -swift-version 6 -O -g -wmo -sanitize=fuzzer,address -I "$out"
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility)
objects=() links=()
for module in ${modules[$target]}; do
  folder=${sources[$module]:-Sources/$module}
  if [[ -d $folder/include ]]; then
    name=$(basename "$folder"/include/*.h)
    printf 'module %s { header "%s" export * }\n' "$module" "$PWD/$folder/include/$name" > "$out/$module.modulemap"
    swift_flags+=(-Xcc "-fmodule-map-file=$out/$module.modulemap")
    for source in "$folder"/*.c; do
      object=$out/$module-$(basename "$source" .c).o
      clang -O1 -g -fsanitize=address,fuzzer-no-link -I "$folder/include" -c "$source" -o "$object"
      objects+=("$object")
    done
  else
    package=(-package-name causeway -enable-upcoming-feature InternalImportsByDefault)
    [[ -v sources[$module] ]] && package=(-package-name "$module")
    mapfile -t files < <(find "$folder" -name '*.swift')
    swiftc "${swift_flags[@]}" "${package[@]}" -suppress-warnings -module-name "$module" -emit-module -emit-module-path "$out/$module.swiftmodule" \
      -c "${files[@]}" -o "$out/$module.o"
    objects+=("$out/$module.o")
  fi
  links+=(${libraries[$module]:-})
done
swiftc "${swift_flags[@]}" -package-name causeway -module-name "Fuzz$target" "Tests/Fuzz/$target.swift" "${objects[@]}" "${links[@]}" -o "$out/fuzz"

# Backtraces would print what memory holds, and take longer than the run.
SWIFT_BACKTRACE=enable=no exec "$out/fuzz" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
  -artifact_prefix=".build/fuzz/$target-findings/" "$@" ".build/fuzz/$target-corpus"
