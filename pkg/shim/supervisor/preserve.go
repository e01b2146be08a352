package supervisor

import "os"

// takePreserved takes the descriptors that the client gave for the process, and
// the variables that tell of them.
func (t *task) takePreserved(l *launched) {
	t.preserved = l.preserved
	t.opts.Spec.Process.Env = mergeEnv(t.opts.Spec.Process.Env, l.msg.Env)
}

// givePreserved are they for a life that begins. given closes them here when no
// other life can follow: a pipe among them ends with the process then.
func (t *task) givePreserved() (files []*os.File, given func()) {
	files = t.preserved
	if t.mayRestart() {
		return files, func() {}
	}
	t.preserved = nil
	return files, func() { closeAll(files) }
}
