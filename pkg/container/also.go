package container

import (
	"errors"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// also joins to err what went wrong at cleaning up after it. An engine that is
// gone for the one is so for the other, and is told once.
func also(err, cleaning error) error {
	if errs.Is(err, errs.Unavailable) && errs.Is(cleaning, errs.Unavailable) {
		return err
	}
	return errors.Join(err, cleaning)
}
