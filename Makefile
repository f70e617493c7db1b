# make demo · make test · make lint · make generate · make dist
#
# Everything that the project needs beyond Rust, Python 3 and make goes into .venv, from PyPI, pinned.

AWSCLI_VERSION    := 1.45.11
MINISTACK_VERSION := 1.5.33
PYTHON ?= python3
PIP    := bin/pip install --quiet --disable-pip-version-check

.PHONY: demo test lint doc venv generate dist

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

doc:
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --no-deps --features sandbox --document-private-items

venv: .venv/awscli/.done-$(AWSCLI_VERSION) .venv/ministack/.done-$(MINISTACK_VERSION)

# Two environments: the two packages pin different versions of the same libraries.
.venv/awscli/.done-$(AWSCLI_VERSION):
	$(PYTHON) -m venv .venv/awscli
	.venv/awscli/$(PIP) awscli==$(AWSCLI_VERSION)
	touch $@

.venv/ministack/.done-$(MINISTACK_VERSION):
	$(PYTHON) -m venv .venv/ministack
	.venv/ministack/$(PIP) ministack==$(MINISTACK_VERSION)
	touch $@
