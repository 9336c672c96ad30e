#!/bin/sh
# usage: build.sh go|c|assemblyscript FILE.wasm   builds the sample in that language.
# With --version in the place of the file it says which compiler that takes.
set -eu
cd "$(dirname "$0")/$1"
case $1 in
go)
	[ "$2" = --version ] && exec go env GOVERSION
	GOOS=wasip1 GOARCH=wasm GOWORK=off exec go build -buildmode=c-shared -o "$2" . ;;
c)
	[ "$2" = --version ] && { clang --version | head -n 1; exit; }
	object=$(mktemp)
	trap 'rm -f "$object"' EXIT # compiled first: clang has wasm-opt, if there is one, change what it links with -O
	clang --target=wasm32 -O2 -mbulk-memory -c -o "$object" vowels.c
	clang --target=wasm32 -nostdlib -Wl,--no-entry -Wl,--strip-all -o "$2" "$object" ;;
assemblyscript)
	asc=${ASC:-asc}
	[ "$2" = --version ] && exec "$asc" --version
	exec "$asc" vowels.ts --optimize --use abort= --outFile "$2" ;;
esac
