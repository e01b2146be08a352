/*
 * pouch-init is process 1 of a container that was asked for with --init: it
 * runs the command, passes signals on to it, takes away the zombies that
 * nobody else waits for, and ends with the command's exit code, 128+n when
 * signal n ended it.
 *
 * It is C, and linked statically, because it lives as long as its container:
 * a Go runtime would be several threads that count for --pids-limit, and
 * megabytes that count for --memory.
 *
 * usage: pouch-init [-g] -- COMMAND [ARG...]
 *   -g  signals go to the command's process group, not to the command alone
 *
 * Exit codes of its own: 125 it failed, 126 the command cannot be executed,
 * 127 it was not found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

static void say(const char *what, const char *why)
{
	const char *parts[] = { "pouch-init: ", what, ": ", why, "\n" };
	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
		if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
			return;
}

static void die(const char *what)
{
	say(what, strerror(errno));
	_exit(FAILED);
}

/* forwarded are the signals that are taken one by one and passed on: all but
 * those that tell of a fault of this program's own. */
static void forwarded(sigset_t *set)
{
	static const int own[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU };
	sigfillset(set);
	for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
		sigdelset(set, own[i]);
}

/* activated tells the command that the sockets of sd_listen_fds(3) are its own:
 * it is not process 1, to which LISTEN_PID points. */
static void activated(void)
{
	char digits[3 * sizeof(pid_t) + 1], *at = digits + sizeof digits - 1;
	if (!getenv("LISTEN_PID"))
		return;
	*at = 0;
	for (pid_t n = getpid(); n > 0; n /= 10)
		*--at = (char)('0' + n % 10);
	setenv("LISTEN_PID", at, 1);
}

/* command becomes the command, in a process group of its own, which has the
 * terminal if there is one. */
static void command(char **argv, const sigset_t *mask)
{
	if (getppid() != 1 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		die("prctl");
	if (setpgid(0, 0) < 0)
		die("setpgid");
	/* SIGTTOU is still ignored: the terminal may be given away from behind. */
	if (isatty(STDIN_FILENO) && tcsetpgrp(STDIN_FILENO, getpid()) < 0 && errno != ENOTTY && errno != ENXIO)
		die("tcsetpgrp");
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	activated();
	execvp(argv[0], argv);
	int why = errno;
	say(argv[0], strerror(why));
	_exit(why == ENOENT || why == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE);
}

static int code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* reap waits for every child that has ended; the command's exit code, or -1
 * while it runs. */
static int reap(pid_t child)
{
	int status, end = -1;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR))
		if (pid == child)
			end = code(status);
	return end;
}

int main(int argc, char **argv)
{
	int group = argc > 1 && strcmp(argv[1], "-g") == 0;
	int first = 1 + group;
	if (argc > first && strcmp(argv[first], "--") == 0)
		first++;
	if (argc <= first) {
		say("usage", "pouch-init [-g] -- COMMAND [ARG...]");
		return FAILED;
	}
	sigset_t set, before;
	forwarded(&set);
	if (sigprocmask(SIG_BLOCK, &set, &before) < 0)
		die("sigprocmask");
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	/* In another one's pid namespace orphans would go to its process 1. */
	if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("prctl");
	pid_t child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		command(argv + first, &before);
	setpgid(child, child); /* as the child does: whoever is first */
	close_range(3, ~0U, 0); /* the command's: it alone holds them open */
	for (;;) {
		int sig = sigwaitinfo(&set, NULL);
		if (sig == SIGCHLD) {
			int end = reap(child);
			if (end >= 0)
				return end;
		} else if (sig > 0) {
			kill(group ? -child : child, sig);
		}
	}
}
