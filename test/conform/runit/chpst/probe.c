/*
 * Tells everything that a program gets from whoever started it, one `name value` a line, on stdout or, where that is closed,
 * on stderr. Exit code 42. Linked statically: it also runs in an empty root directory.
 *
 * probe with-signals PROGRAM [ARGUMENT ...]: blocks USR2 and signal 40, ignores HUP, PIPE and signal 41, runs PROGRAM.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

static char report[1 << 20];
static size_t length;

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
	__builtin_va_list arguments;
	__builtin_va_start(arguments, format);
	length += (size_t)vsnprintf(report + length, sizeof report - length, format, arguments);
	__builtin_va_end(arguments);
}

static void tell_ids(void)
{
	uid_t uid[3];
	gid_t gid[3], groups[256];
	getresuid(&uid[0], &uid[1], &uid[2]);
	getresgid(&gid[0], &gid[1], &gid[2]);
	tell("uid %u %u %u\ngid %u %u %u\ngroups", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
	int count = getgroups(256, groups);
	for (int at = 0; at < count; at++) tell(" %u", groups[at]);
	tell("\npid %d\nparent %d\n", getpid(), getppid());
	tell("session %s\n", getsid(0) == getpid() ? "leader" : "member");
	tell("group %s\n", getpgid(0) == getpid() ? "leader" : "member");
}

static void tell_signals(void)
{
	sigset_t blocked, pending;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	for (int number = 1; number <= 64; number++) {
		struct sigaction action;
		if (sigismember(&blocked, number) == 1) tell("blocked %d\n", number);
		if (sigismember(&pending, number) == 1) tell("pending %d\n", number);
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) tell("ignored %d\n", number);
	}
	struct itimerval timer;
	for (int which = 0; which < 3; which++)
		if (getitimer(which, &timer) == 0 && (timer.it_value.tv_sec || timer.it_value.tv_usec)) tell("timer %d\n", which);
}

static void tell_descriptors(void)
{
	for (int fd = 0; fd < 4096; fd++) {
		int flags = fcntl(fd, F_GETFD), status = fcntl(fd, F_GETFL);
		if (flags < 0) continue;
		char link[64], target[4096];
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t size = readlink(link, target, sizeof target - 1);
		struct stat found;
		fstat(fd, &found);
		tell("descriptor %d flags %o status %o mode %o ", fd, (unsigned)flags, (unsigned)status, found.st_mode);
		tell("%.*s\n", size < 0 ? 1 : (int)size, size < 0 ? "?" : target);
	}
}

static void tell_rest(void)
{
	for (int which = 0; which < 16; which++) {
		struct rlimit limit;
		if (getrlimit((__rlimit_resource_t)which, &limit) == 0)
			tell("limit %d %llu %llu\n", which, (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
	}
	char directory[4096];
	tell("directory %s\n", getcwd(directory, sizeof directory) ? directory : "?");
	struct stat root;
	tell("root %s\n", stat("/probe", &root) == 0 ? "of the test" : "of the host");
	tell("nice %d\n", getpriority(PRIO_PROCESS, 0));
	tell("umask %o\n", umask(0));
	cpu_set_t processors;
	if (sched_getaffinity(0, sizeof processors, &processors) == 0) tell("processors %d\n", CPU_COUNT(&processors));
	tell("scheduler %d\npersonality %x\n", sched_getscheduler(0), (unsigned)personality(0xffffffff));
	int death_signal = 0;
	prctl(PR_GET_PDEATHSIG, &death_signal);
	tell("death-signal %d\nno-new-privileges %d\n", death_signal, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	tell("dumpable %d\nslack %d\n", prctl(PR_GET_DUMPABLE), prctl(PR_GET_TIMERSLACK));
	tell("keeps-capabilities %d\nsecure-bits %d\n", prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS));
	tell("subreaper %d\nhuge-pages-off %d\n", ({ int is = 0; prctl(PR_GET_CHILD_SUBREAPER, &is); is; }), prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	char text[4096];
	int status = open("/proc/self/status", O_RDONLY);
	ssize_t size = status < 0 ? 0 : read(status, text, sizeof text - 1);
	text[size < 0 ? 0 : size] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "Mems_allowed:", 13) == 0) tell("%s\n", line);
	FILE *score = fopen("/proc/self/oom_score_adj", "r");
	int adjustment;
	if (score && fscanf(score, "%d", &adjustment) == 1) tell("oom-score-adj %d\n", adjustment);
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "with-signals") == 0) {
		sigset_t blocked;
		sigemptyset(&blocked);
		sigaddset(&blocked, SIGUSR2);
		sigaddset(&blocked, 40);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		signal(SIGHUP, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		signal(41, SIG_IGN);
		execv(argv[2], argv + 2);
		return 127;
	}
	/* First, before anything else is open. */
	tell_descriptors();
	for (int at = 0; at < argc; at++) tell("argument %s\n", argv[at]);
	for (char **entry = environ; *entry; entry++) tell("variable %s\n", *entry);
	tell_ids();
	tell_signals();
	tell_rest();
	int to = fcntl(1, F_GETFD) < 0 ? 2 : 1;
	if (write(to, report, length) < 0) return 43;
	return 42;
}
