package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// secretFlags are things to read that are never part of the image.
func secretFlags() []cli.Flag {
	return []cli.Flag{
		list("secret", "secret of the store, `NAME[,KEY=VALUE…]` with type=mount|env, target, uid, gid and mode; or id=NAME with src=FILE, env=VARIABLE or fd=NUMBER"),
	}
}

// readSecrets reads secrets, and the content of those that are not of the store.
func readSecrets(c *cli.Context, o *container.Options) error {
	return collect(c, "secret", &o.Secrets, func(s string) (out container.SecretSource, err error) {
		var from parse.SecretSource
		if out.Secret, from, err = parse.Secret(s); err != nil {
			return out, err
		}
		if !out.Own {
			if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" { // systemd.exec(5), "Credentials"
				out.Fallback = filepath.Join(dir, out.Name)
			}
			return out, nil
		}
		out.Data, err = secretContent(c, from)
		if err != nil {
			err = errs.New(errs.Invalid, "secret %s: %w", out.Name, err)
		}
		return out, err
	})
}

func secretContent(c *cli.Context, from parse.SecretSource) ([]byte, error) {
	switch {
	case from.Var != "":
		v, ok := os.LookupEnv(from.Var)
		if !ok {
			return nil, errs.New(errs.Invalid, "the variable %s is not set", from.Var)
		}
		return []byte(v), nil
	case from.FD != "":
		return descriptorContent(c, from.FD)
	}
	f, err := os.Open(from.File)
	if err != nil {
		return nil, err
	}
	return readSecret(f)
}

func descriptorContent(c *cli.Context, number string) ([]byte, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return nil, errs.New(errs.Invalid, "fd=%s: give the number of an open descriptor", number)
	}
	f, err := inherited(c, n)
	if err != nil {
		return nil, err
	}
	return readSecret(f)
}

// readSecret reads a whole secret from f, at most a byte more than is allowed,
// and closes f.
func readSecret(f *os.File) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, record.MaxSecret+1))
	return data, errors.Join(err, f.Close())
}
