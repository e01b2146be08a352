package imagestore

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// fault is images.Fault of an error of grpc-go's.
func fault(err error, doing string) error {
	if _, ok := errors.AsType[*errs.Error](err); err == nil || ok {
		return images.Fault(err, doing)
	}
	st := status.Convert(err)
	text := st.Message()
	if _, cause, ok := strings.Cut(text, "Error while dialing: "); ok {
		text = strings.TrimSuffix(cause, `"`) // of a connection that could not be made its cause alone
	}
	return images.Fault(&rpc.Error{Code: rpc.Code(st.Code()), Message: text}, doing)
}

// NoSpace reports whether err tells of a full disk, or of a full quota: containerd
// passes on the words of ENOSPC and EDQUOT alone.
func NoSpace(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, unix.ENOSPC.Error()) || strings.Contains(text, unix.EDQUOT.Error())
}
