package registry

import (
	"context"
	"errors"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/pkg/docker/config"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Login asks the registry host whether it knows user and password, and keeps them
// where o says: a file (auth.json), or what credential helper that names. where
// tells where. Credentials that are refused have kind denied and are not kept.
func Login(ctx context.Context, host, user, password string, o Options) (where string, err error) {
	sys, err := o.writable(host)
	if err != nil {
		return "", err
	}
	wait, _, stop := expiring(ctx, 2*o.idle())
	defer stop()
	if err := docker.CheckAuth(wait, sys, user, password, host); err != nil {
		err = cause(ctx, err)
		if code := statusOf(err); code != 0 {
			err = &explanation{err, answer(host, code)}
		}
		return "", fault(err, "log in to "+host+" as "+user)
	}
	where, err = config.SetCredentials(sys, host, user, password)
	if err != nil {
		return "", errs.New(errs.Internal, "keep the credentials of %s: %w", host, err)
	}
	return where, nil
}

// Logout forgets the credentials of a registry, with an empty host of all. It
// fails with kind not_found when there are none.
func Logout(host string, o Options) error {
	sys, err := o.writable(host)
	if err != nil {
		return err
	}
	if host == "" {
		err = config.RemoveAllAuthentication(sys)
	} else {
		err = config.RemoveAuthentication(sys, host)
	}
	if errors.Is(err, config.ErrNotLoggedIn) {
		return errs.New(errs.NotFound, "not logged in to %s", host)
	}
	if err != nil {
		return errs.New(errs.Internal, "forget the credentials of %s: %w", host, err)
	}
	return nil
}

// LoggedIn returns the user whose credentials of a registry are kept; empty
// without.
func LoggedIn(host string, o Options) (string, error) {
	sys, err := o.system(host)
	if err != nil {
		return "", err
	}
	c, err := config.GetCredentials(sys, host)
	return c.Username, err
}
