# make demo · make test · make lint · make doc · make faults · make fuzz · make differential · make bench · make dist
#
# Everything that the project needs beyond Rust, Python 3 and make goes into .venv, from PyPI, pinned.

AWSCLI_VERSION    := 1.45.11
MINISTACK_VERSION := 1.5.33
DUCKDB_VERSION    := 2.0.1
PYTHON ?= python3
PIP    := bin/pip install --quiet --disable-pip-version-check

.PHONY: demo test lint doc venv generate dist differential fuzz bench faults

# Three refusals, each by the real `aws s3 cp` against an AWS in miniature on loopback, as a user would see them.
# Any `aws` on PATH will do; where there is none, .venv gets one.
demo:
	@command -v aws >/dev/null || $(MAKE) --no-print-directory .venv/awscli/.done-$(AWSCLI_VERSION)
	cargo build --quiet --features sandbox
	PATH="$$PATH:$(CURDIR)/.venv/awscli/bin" target/debug/why403 demo

# Everything: unit, whole-program and third-party tests, with the real AWS CLI.
test: venv
	@command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
	cargo nextest run --features sandbox $(if $(CI),--profile ci)
	cargo test --quiet --features sandbox --doc

lint:
	cargo fmt --check
	cargo clippy --all-targets --features sandbox -- -D warnings
	cargo clippy -- -D warnings
# The fuzz targets take the modules by their files, and need what those need. libFuzzer is C++.
	if command -v c++ >/dev/null; then cargo check --quiet --manifest-path fuzz/Cargo.toml --lib --target-dir target; fi

doc:
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --no-deps --features sandbox --document-private-items

venv: .venv/awscli/.done-$(AWSCLI_VERSION) .venv/ministack/.done-$(MINISTACK_VERSION) .venv/duckdb/.done-$(DUCKDB_VERSION)

# An environment for each: the packages pin different versions of the same libraries.
.venv/awscli/.done-$(AWSCLI_VERSION):
	$(PYTHON) -m venv .venv/awscli
	.venv/awscli/$(PIP) awscli==$(AWSCLI_VERSION)
	touch $@

.venv/ministack/.done-$(MINISTACK_VERSION):
	$(PYTHON) -m venv .venv/ministack
	.venv/ministack/$(PIP) ministack==$(MINISTACK_VERSION)
	touch $@

.venv/duckdb/.done-$(DUCKDB_VERSION):
	$(PYTHON) -m venv .venv/duckdb
	.venv/duckdb/$(PIP) duckdb==$(DUCKDB_VERSION)
	touch $@

# A tarball of the program, man pages, completions, shell files and licences, with checksums, in target/dist; and a .deb
# where cargo-deb is installed.
dist:
	packaging/dist.sh

# Ten thousand random requests and policies, decided by us and by an independent evaluator, which is installed for this
# alone: a program beside the project (AGPL), run as a process of its own and no part of it.
IAM_SIMULATE_VERSION := 0.1.173

differential: .venv/node/.done-$(IAM_SIMULATE_VERSION)
	cargo test --features sandbox --test differential -- --ignored --nocapture

.venv/node/.done-$(IAM_SIMULATE_VERSION):
	npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix .venv/node @cloud-copilot/iam-simulate@$(IAM_SIMULATE_VERSION)
	touch $@

# Every fuzz target for FUZZ_SECONDS, one after another; FUZZ_TARGETS says which. Needs a nightly toolchain. What is found on
# the way is kept in target/fuzz; the seeds in fuzz/corpus stay as they are.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= policy_parse policy_evaluate simulate_line recognize_stream xml_error profile_files argv render_report

fuzz:
	@cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz/$$target; \
		cargo +nightly fuzz run $$target target/fuzz/$$target fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=25 -max_len=4096 || exit 1; \
	done

# What can go wrong around why403, as tables: networks, hostile endpoints, disks, a panic in every stage, what strangers
# write, planted secrets. Each row says what happened and which bound held. All of it is a part of `make test`.
faults: .venv/awscli/.done-$(AWSCLI_VERSION)
	cargo test --quiet --features sandbox --test black_hole --test faults --test injection --test secrets --test threats \
		-- --nocapture --test-threads=1

# What why403 costs, as ratios: the program beside `env`, `cat` and the bare CLI, its round trips, its evaluator beside
# another. A quarter of an hour on two cores; benches/RESULTS.md has the last figures.
bench: venv .venv/node/.done-$(IAM_SIMULATE_VERSION)
	PATH="$(CURDIR)/.venv/awscli/bin:$$PATH" cargo bench --features sandbox --bench program
	PATH="$(CURDIR)/.venv/awscli/bin:$$PATH" cargo bench --features sandbox --bench round_trips
	cargo bench --features sandbox --bench policy
	benches/simulate-vs-peer
