// Package rpc is the part of gRPC over HTTP/2 that a command needs to talk to
// containerd on a unix socket: calls, streams, deadlines, flow control
// (RFC 9113; github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Messages
// are those of pkg/wire. grpc-go does the same and much more, and takes as long
// to start as the rest of the command: for what lives for milliseconds, this.
package rpc

import (
	"errors"
	"fmt"
)

// Code is a gRPC status code (google.golang.org/grpc/codes).
type Code uint32

// The codes that containerd answers with.
const (
	Canceled           Code = 1
	Unknown            Code = 2
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	ResourceExhausted  Code = 8
	FailedPrecondition Code = 9
	OutOfRange         Code = 11
	Unimplemented      Code = 12
	Internal           Code = 13
	Unavailable        Code = 14
	Unauthenticated    Code = 16
)

// Error is a status that is not OK.
type Error struct {
	Code    Code
	Message string
	Address string // of the server, where it cannot be reached or does not answer
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// CodeOf is the code of an error: Unknown when it has none, 0 of nil.
func CodeOf(err error) Code {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Unknown
}

func fail(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// named says in an error which server is not there or does not answer.
func (c *Conn) named(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != Unavailable && e.Code != DeadlineExceeded {
		return err
	}
	return &Error{Code: e.Code, Message: e.Message, Address: c.address}
}

// AddressOf is the address of the server that err is about; empty: it is about
// none.
func AddressOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Address
	}
	return ""
}
