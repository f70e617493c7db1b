#!/bin/sh
# Puts why403 into a directory, and a link `aws` to it: with that directory first on PATH, every `aws` is explained.
#
#     sh install.sh DIRECTORY
#
# WHY403_VERSION is a version such as 0.1.0, or latest. WHY403_FROM is where releases are: a mirror, or a file:// address.
# What is downloaded is held to the release's SHA256SUMS. It needs curl, tar, and sha256sum or shasum.
set -eu

directory=${1:?"install.sh: a directory is needed"}
version=${WHY403_VERSION:-latest}
from=${WHY403_FROM:-https://github.com/why403/why403/releases}

case "$(uname -s)-$(uname -m)" in
Linux-x86_64) target=x86_64-unknown-linux-musl ;;
Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
Darwin-x86_64) target=x86_64-apple-darwin ;;
Darwin-arm64) target=aarch64-apple-darwin ;;
*)
    echo "install.sh: there is no release for $(uname -s) on $(uname -m)" >&2
    exit 1
    ;;
esac

if [ "$version" = latest ]; then
    base=$from/latest/download
else
    base=$from/download/v${version#v}
fi
archive=why403-$target.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for file in "$archive" SHA256SUMS; do
    curl --fail --silent --show-error --location --retry 3 --output "$work/$file" "$base/$file"
done
cd "$work"
grep " [ *]$archive\$" SHA256SUMS >wanted || {
    echo "install.sh: SHA256SUMS does not name $archive" >&2
    exit 1
}
if command -v sha256sum >/dev/null; then
    sha256sum -c wanted >/dev/null
else
    shasum -a 256 -c wanted >/dev/null
fi
tar -xzf "$archive"
cd - >/dev/null

mkdir -p "$directory"
mv "$work/why403-$target/why403" "$directory/why403"
ln -sf why403 "$directory/aws"
