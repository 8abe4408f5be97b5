# One command surface. Everything below is idempotent: what is there already is not made again.
#
#   make run       install what is missing, build, start nginx and the functions on this machine
#   make test      the whole suite: unit tests, real web servers, the Lambda emulator
#   make real      conversations with a real Rasa, llama.cpp and Synapse, minutes of installation; make real-matrix for one of them
#   make bench     the benchmark table, with its peers built and run beside it
#   make fuzz      every parser under libFuzzer, FUZZ_SECONDS (60) each
#   make package   deployable folders under .build/package
#   make pictures  take the README's screenshots again
#   make generate  write functions/nginx.conf, template.yaml and the settings tables again from their one source
#   make docs      the documentation as DocC archives under .build/docs
#   make clean     forget everything that was built

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help run test pictures real real-stores real-rasa real-llama real-matrix bench fuzz package generate docs clean build-packages test-packages \
	bench-packages functions sam mock-ai api rasa llama matrix

export PATH := $(PATH):/usr/sbin:/sbin
# A crash must not print memory, which may hold secrets.
export SWIFT_BACKTRACE ?= enable=no

# ---- What to install. An entry is a Debian package, or `program:package` where any package with that program will do. ----------------

BUILD_PACKAGES := libcurl4-openssl-dev libssl-dev libsqlite3-dev pkg-config
STATIC_PACKAGES := ld.lld:lld libnghttp2-dev libssh2-1-dev libpsl-dev libidn2-dev libunistring-dev libzstd-dev libbrotli-dev zlib1g-dev librtmp-dev
RUN_PACKAGES := nginx:nginx-light curl
TEST_PACKAGES := fcgiwrap spawn-fcgi apache2 lighttpd lighttpd-mod-openssl caddy cgi-fcgi:libfcgi-bin etcd:etcd-server etcdctl:etcd-client objdump:binutils \
	systemd-analyze:systemd openssl python3 python3-venv chromium fonts-noto-core
LLAMA_PACKAGES := gcc g++
BENCH_PACKAGES := go:golang-go php-fpm php-curl wrk valgrind redis-server webdis gcc

BROWSER := playwright==1.65.2 axe-playwright-python==0.1.8
SAM := aws-sam-cli==1.170.0
MOCK_AI := mock-ai-api==0.1.1
# Hold what we publish to its descriptions and signatures.
API := schemathesis==4.32.5 standardwebhooks==1.0.1
RASA := rasa==3.6.21
MATRIX := matrix-synapse==1.163.2 matrix-nio==0.26.0
LLAMA := llama-cpp-python[server]==0.3.36 gguf==0.19.0

# The index store stays on here: without it Swift 6.3 finds no tests in a clean checkout ("index store path does not exist").
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE := -c release --static-swift-stdlib --disable-index-store
# Fully static, which libcurl's own libraries allow with lld; flags of its own need a build folder of its own.
STATIC := -c release --disable-index-store -Xswiftc -static-executable -Xswiftc -use-ld=lld --scratch-path .build/static
FUNCTIONS := $(notdir $(patsubst %/,%,$(wildcard functions/*/)))
FUZZ_SECONDS ?= 60

# Installs the packages of $(1) that are missing, without starting the services that they bring.
define install
	missing=()
	for entry in $(1); do
	  program=$${entry%%:*}; package=$${entry##*:}
	  if [ "$$program" != "$$package" ] && command -v "$$program" >/dev/null; then continue; fi
	  status=$$(dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null || true)
	  if [ "$$status" != installed ]; then missing+=("$$package"); fi
	done
	if [ "$${#missing[@]}" -gt 0 ]; then
	  echo "-- installing $${missing[*]}"
	  as_root=(); if [ "$$(id -u)" != 0 ]; then as_root=(sudo); fi
	  mkdir -p .build
	  guard=/usr/sbin/policy-rc.d
	  if [ ! -e $$guard ]; then
	    printf '#!/bin/sh\nexit 101\n' | "$${as_root[@]}" tee $$guard >/dev/null
	    "$${as_root[@]}" chmod 755 $$guard
	    trap '"$${as_root[@]}" rm -f '$$guard EXIT
	  fi
	  run() { "$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$$@"; }
	  { run update && run install --no-install-recommends "$${missing[@]}"; } >.build/install.log 2>&1 || { tail -n 30 .build/install.log; exit 1; }
	fi
endef

# A Python environment .build/venv-$(1) with the pinned packages $(2).
define environment
	stamp=".build/venv-$(1)/$(subst /,-,$(subst $() ,+,$(2)))"
	if [ ! -e "$$stamp" ]; then
	  echo "-- installing $(2) into .build/venv-$(1)"
	  rm -rf ".build/venv-$(1)"; mkdir -p .build
	  { python3 -m venv ".build/venv-$(1)" && ".build/venv-$(1)/bin/pip" install --quiet --disable-pip-version-check $(2); } \
	    >.build/install.log 2>&1 || { tail -n 30 .build/install.log; exit 1; }
	  touch "$$stamp"
	fi
endef

# Builds the products $(2) with the flags $(1); what the compiler says is shown only when it fails.
define build
	mkdir -p .build
	for product in $(2); do
	  echo "-- building $$product"
	  swift build $(1) --product "$$product" >.build/build.log 2>&1 || { grep -A 8 'error' .build/build.log || tail -n 40 .build/build.log; exit 1; }
	done
endef

# ---- The commands -------------------------------------------------------------------------------------------------------------------

help:
	sed -n 's/^#   make/  make/p' Makefile

run: build-packages
	$(call install,$(RUN_PACKAGES))
	$(call build,$(RELEASE),$(FUNCTIONS) causeway)
	exec "$$(swift build $(RELEASE) --show-bin-path)/causeway" serve

test: test-packages sam mock-ai api package
	$(call environment,browser,$(BROWSER))
	echo "-- the pages in Chromium; pictures are in .build/browser"
	.build/venv-browser/bin/python Tests/BrowserTests/run.py --programs "$$(swift build $(RELEASE) --show-bin-path)"
	echo "-- building the tests and testing"
	swift test $(SWIFT_FLAGS) --disable-xctest

# The README's pictures, taken from the pages as they are.
pictures: build-packages
	$(call install,$(RUN_PACKAGES) chromium fonts-noto-core)
	$(call environment,browser,$(BROWSER))
	$(call build,$(RELEASE),$(FUNCTIONS) causeway)
	.build/venv-browser/bin/python Tests/BrowserTests/pictures.py --programs "$$(swift build $(RELEASE) --show-bin-path)"

# One folder for each function and host: fastcgi (the system's libcurl), cgi and lambda (everything inside, for processes that start often),
# and the configurations of the servers. CAUSEWAY_SETTINGS names the settings file that goes into the Lambda folders; otherwise the sample.
package: build-packages
	$(call build,$(RELEASE),$(FUNCTIONS) causeway)
	export CAUSEWAY_STATIC=1
	$(call build,$(STATIC),$(FUNCTIONS))
	unset CAUSEWAY_STATIC
	echo "-- packaging"
	programs=$$(swift build $(RELEASE) --show-bin-path)
	statics=$$(CAUSEWAY_STATIC=1 swift build $(STATIC) --show-bin-path)
	rm -rf .build/package
	for host in nginx systemd apache lighttpd caddy; do "$$programs/causeway" configure "$$host" --out ".build/package/servers/$$host" >/dev/null; done
	"$$programs/causeway" configure lambda --out .build/package/lambda >/dev/null
	for product in $(FUNCTIONS); do
	  mkdir -p ".build/package/fastcgi/$$product" ".build/package/cgi/$$product"
	  strip -o ".build/package/fastcgi/$$product/$$product" "$$programs/$$product"
	  strip -o ".build/package/cgi/$$product/$$product" "$$statics/$$product"
	  cp ".build/package/cgi/$$product/$$product" ".build/package/lambda/$$product/bootstrap"
	  if [ -n "$${CAUSEWAY_SETTINGS:-}" ]; then cp "$$CAUSEWAY_SETTINGS" ".build/package/lambda/$$product/causeway.jsonc"; fi
	done
	du -sh .build/package/*/*/ | sed 's/^/  /'

# Options go into BENCH: make bench BENCH="--rows pass,cgi --quick"
bench: bench-packages
	exec python3 -B Tests/Benchmarks/bench.py $(BENCH)

fuzz: build-packages
	for target in $(basename $(notdir $(wildcard Tests/Fuzz/*.swift))); do
	  echo "-- $$target, $(FUZZ_SECONDS) s"
	  Tests/Fuzz/run.sh "$$target" "$(FUZZ_SECONDS)" >".build/fuzz-$$target.log" 2>&1 || { tail -n 40 ".build/fuzz-$$target.log"; exit 1; }
	  grep -E 'stat::(number_of_executed_units|peak_rss_mb)' ".build/fuzz-$$target.log"
	done

docs:
	mkdir -p .build/docs
	docc convert Sources/Gateway/Documentation.docc --fallback-display-name Causeway --fallback-bundle-identifier causeway \
	  --output-path .build/docs/Causeway.doccarchive
	echo "-- .build/docs/Causeway.doccarchive; to read it: docc preview Sources/Gateway/Documentation.docc"

generate: build-packages
	swift run $(SWIFT_FLAGS) --quiet causeway generate

# Every suite runs, whatever became of the one before. In the end a line for each says what it came to; a skip is none of the failures.
REAL := stores rasa llama matrix

real: test-packages
	mkdir -p .build/real
	rm -f .build/real/*
	lines=(); failed=0
	for suite in $(REAL); do
	  if ! $(MAKE) --no-print-directory "real-$$suite"; then lines+=("FAILED   $$suite"); failed=1
	  elif [ -e ".build/real/$$suite.skipped" ]; then lines+=("skipped  $$suite: $$(<".build/real/$$suite.skipped")")
	  else lines+=("passed   $$suite"); fi
	done
	printf '%s\n' "$${lines[@]}"
	exit $$failed

# What `make test` leaves out of the stores' tests because it takes minutes.
real-stores: test-packages
	echo "-- the stores, at length"
	CAUSEWAY_FULL_TESTS=1 swift test $(SWIFT_FLAGS) --disable-xctest --filter StoreTests

real-rasa: rasa
	if [ -e .build/real/rasa.skipped ]; then exit 0; fi
	$(call build,$(RELEASE),exchange)
	echo "-- a conversation with $(RASA)"
	Tests/Counterparts/rasa/converse.py --rasa .build/venv-rasa --exchange "$$(swift build $(RELEASE) --show-bin-path)/exchange" --record

real-llama: llama
	$(call build,$(RELEASE),exchange)
	echo "-- a conversation with $(firstword $(LLAMA))"
	Tests/Counterparts/llama/converse.py --llama .build/venv-llama --exchange "$$(swift build $(RELEASE) --show-bin-path)/exchange" --record

real-matrix: matrix
	$(call build,$(RELEASE),$(FUNCTIONS) causeway)
	echo "-- a conversation with $(firstword $(MATRIX))"
	.build/venv-matrix/bin/python Tests/Counterparts/matrix/converse.py --programs "$$(swift build $(RELEASE) --show-bin-path)" --record

clean:
	swift package clean

# ---- What they need -----------------------------------------------------------------------------------------------------------------

build-packages:
	$(call install,$(BUILD_PACKAGES) $(STATIC_PACKAGES))

test-packages: build-packages
	$(call install,$(RUN_PACKAGES) $(TEST_PACKAGES))

bench-packages: test-packages
	$(call install,$(BENCH_PACKAGES))

sam: test-packages
	$(call environment,sam,$(SAM))

mock-ai: test-packages
	$(call environment,mock-ai,$(MOCK_AI))

api: test-packages
	$(call environment,api,$(API))

# Rasa runs on CPython 3.8 to 3.10 only, which Debian 12 does not have. RASA_PYTHON names one; pyenv's are found by themselves. Without any, its
# conversation is skipped.
rasa: test-packages
	mkdir -p .build/real
	rm -f .build/real/rasa.skipped
	stamp=".build/venv-rasa/$(subst /,-,$(RASA))"
	if [ ! -e "$$stamp" ]; then
	  python=
	  for candidate in $${RASA_PYTHON:-} python3.10 python3.9 python3.8 "$$HOME"/.pyenv/versions/3.{10,9,8}.*/bin/python; do
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi
	  done
	  if [ -z "$$python" ]; then
	    echo "Rasa needs CPython 3.8 to 3.10; RASA_PYTHON names one" | tee .build/real/rasa.skipped
	    exit 0
	  fi
	  echo "-- installing $(RASA) into .build/venv-rasa (about 2.7 GB)"
	  rm -rf .build/venv-rasa
	  { "$$python" -m venv .build/venv-rasa && .build/venv-rasa/bin/pip install --quiet --disable-pip-version-check "$(RASA)" "setuptools<81"; } \
	    >.build/install.log 2>&1 || { tail -n 30 .build/install.log; exit 1; }
	  touch "$$stamp"
	fi

matrix: test-packages
	$(call environment,matrix,$(MATRIX))

# Compiles for minutes. The model is a small table, so the compiler need not try hard.
llama: test-packages
	$(call install,$(LLAMA_PACKAGES))
	export CMAKE_ARGS="-DCMAKE_C_FLAGS_RELEASE='-O1 -DNDEBUG' -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG'"
	$(call environment,llama,$(LLAMA))
