/*
 * pouch-shim-delete is what containerd runs when a supervisor has hung up on it:
 * `delete` of the shim protocol (core/runtime/v2/README.md of containerd). After
 * an orderly end nothing is left to do but to answer how the container ended,
 * which stands in its bundle (package pkg/shim/bundle): that is done here. All
 * else, and every other verb, is for containerd-shim-pouch-v2, which lies beside
 * this program and is run in its place.
 *
 * It is C, and linked statically, because it runs once for every container: it
 * takes a third of the processor time that a Go program does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 16 << 10, LINES = 3 };

/* lines reads a file of three lines into buf; 0 when it is not that. */
static int lines(const char *name, char *buf, char *line[LINES])
{
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;
	if (fd < 0)
		return 0;
	while (n < MAX_FILE && (got = read(fd, buf + n, MAX_FILE - n)) > 0)
		n += got;
	close(fd);
	if (n == MAX_FILE || memchr(buf, 0, n))
		return 0;
	buf[n] = 0;
	for (int i = 0; i < LINES; i++) {
		char *end = strchr(buf, '\n');
		if (!end)
			return 0;
		*end = 0;
		line[i] = buf;
		buf = end + 1;
	}
	return !*buf;
}

/* number reads a whole decimal number that is not negative. */
static int number(const char *text, uint64_t *v)
{
	char *end;
	errno = 0;
	*v = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *v <= INT64_MAX;
}

/* mounted: the root is on another filesystem than the bundle. */
static int mounted(void)
{
	struct stat root, bundle;
	return lstat("rootfs", &root) == 0 && (lstat(".", &bundle) != 0 || root.st_dev != bundle.st_dev);
}

/* over reports whether the runtime's state of the container is gone, and its root
 * unmounted, and there is no socket to remove. */
static int over(const char *id)
{
	char buf[MAX_FILE + 1], path[PATH_MAX], *line[LINES];
	struct stat st;
	if (!lines("pouch-settings", buf, line) || !*line[0] || *line[2])
		return 0;
	if (strlen(line[0]) + 1 + strlen(id) >= sizeof path)
		return 0;
	strcat(strcat(strcpy(path, line[0]), "/"), id);
	return lstat(path, &st) != 0 && errno == ENOENT && !mounted();
}

static unsigned char *varint(unsigned char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = v | 0x80;
	*p++ = v;
	return p;
}

/* field writes a number of a message; proto3 leaves out what is zero. */
static unsigned char *field(unsigned char *p, int n, uint64_t v)
{
	return v ? varint(varint(p, n << 3), v) : p;
}

/* answer writes containerd.runtime.v2.DeleteResponse. */
static int answer(void)
{
	char buf[MAX_FILE + 1], *line[LINES];
	unsigned char out[96], at[40], *p = out, *q = at;
	uint64_t pid, status, nanos;
	if (!lines("pouch-exit", buf, line) || !number(line[0], &pid) || !number(line[1], &status) || !number(line[2], &nanos))
		return 0;
	q = field(field(q, 1, nanos / 1000000000), 2, nanos % 1000000000); /* google.protobuf.Timestamp */
	p = field(field(p, 1, pid), 2, status);
	if (q > at)
		p = varint(varint(p, 3 << 3 | 2), q - at);
	memcpy(p, at, q - at);
	p += q - at;
	return write(STDOUT_FILENO, out, p - out) == p - out;
}

/* deletes returns the id when the command line is containerd's for delete:
 * -namespace NS -id ID -bundle DIR ... delete, from within DIR. */
static const char *deletes(int argc, char **argv)
{
	const char *id = NULL;
	if (argc < 2 || strcmp(argv[argc - 1], "delete") != 0)
		return NULL;
	for (int i = 1; i + 1 < argc - 1; i++)
		if (strcmp(argv[i], "-id") == 0)
			id = argv[i + 1];
		else if (strcmp(argv[i], "-bundle") == 0 && chdir(argv[i + 1]) != 0)
			return NULL;
	if (!id || !*id || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || strchr(id, '/'))
		return NULL;
	return id;
}

/* other runs the program for all the rest. */
static int other(char **argv)
{
	char path[PATH_MAX];
	static const char name[] = "containerd-shim-pouch-v2";
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof name);
	if (n > 0 && n < (ssize_t)(sizeof path - sizeof name)) {
		path[n] = 0;
		strcpy(strrchr(path, '/') + 1, name);
		execv(path, argv);
	}
	static const char say[] = "pouch-shim-delete: containerd-shim-pouch-v2 is not beside it: install Pouch anew\n";
	return write(STDERR_FILENO, say, sizeof say - 1) < 0 ? 2 : 1;
}

int main(int argc, char **argv)
{
	const char *id = deletes(argc, argv);
	if (id && over(id) && answer())
		return 0;
	return other(argv);
}
