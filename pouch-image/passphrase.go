package main

import (
	"bytes"
	"io"
	"os"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// maxPassphrase bounds a file of a passphrase or password, bytes.
const maxPassphrase = 64 << 10

// readPassphrase reads a secret word without the newline at its end.
func readPassphrase(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, errs.New(errs.Invalid, "read the passphrase: %w", err)
	}
	defer f.Close()
	return readSecret(f)
}

// readSecret reads a secret word from r to its end.
func readSecret(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPassphrase+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxPassphrase {
		return nil, errs.New(errs.Invalid, "the secret is longer than %d bytes", maxPassphrase)
	}
	return bytes.TrimRight(data, "\r\n"), nil
}
