/*
 * A service that tells what happens to it: a line in ./notes for its start and for each signal, in the order they came.
 * It is told what to do by lines written to the FIFO ./orders:
 *   exit N    ends with that code         die N    dies by that signal
 *   say TEXT  a line on stdout            flood N  that many numbered lines, as fast as they are taken
 * -i: TERM is noted and not obeyed; -e CODE: TERM is obeyed by exit CODE; -w: a numbered line each millisecond.
 * Exactly one may run in a directory: a second one says so in ./notes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static int notes, run_number, line_number;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
	char text[512];
	__builtin_va_list arguments;
	__builtin_va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	__builtin_va_end(arguments);
	if (length > 0 && write(notes, text, length) != length) _exit(99);
}

static void die(int signal)
{
	/* Aborting leaves a core file only where there is room for it. */
	struct rlimit core;
	if (signal == SIGABRT && getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = core.rlim_max;
		setrlimit(RLIMIT_CORE, &core);
	}
	sigset_t all;
	sigfillset(&all);
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigaction(signal, &by_default, NULL);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	_exit(98);
}

/* 32 bytes a line: they fill a page of a pipe, and a reader's buffer, without a rest. */
static void line(const char *end)
{
	char text[40];
	snprintf(text, sizeof text, "%06d %010d %-13.13s\n", run_number, ++line_number, end);
	if (write(1, text, 32) != 32) _exit(97);
}

static void obey(char *order)
{
	int number = atoi(order + strcspn(order, " "));
	if (strncmp(order, "exit ", 5) == 0) _exit(number);
	if (strncmp(order, "die ", 4) == 0) die(number);
	if (strncmp(order, "say ", 4) == 0) dprintf(1, "%s\n", order + 4);
	if (strncmp(order, "flood ", 6) == 0) {
		note("floods\n");
		while (number-- > 0) line("of the flood");
		note("flooded\n");
	}
}

int main(int argc, char **argv)
{
	int disobeys = 0, exit_code = -1, writes = 0, option;
	while ((option = getopt(argc, argv, "ie:w")) != -1) {
		if (option == 'i') disobeys = 1;
		if (option == 'e') exit_code = atoi(optarg);
		if (option == 'w') writes = 1;
	}
	sigset_t all;
	sigfillset(&all);
	/* Children of a shell that became this program are nobody's news. */
	sigdelset(&all, SIGCHLD);
	sigprocmask(SIG_BLOCK, &all, NULL);
	int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	notes = open("notes", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	int orders = open("orders", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int starts = open("starts", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (signals < 0 || notes < 0 || starts < 0) return 96;
	if (flock(starts, LOCK_EX | LOCK_NB) != 0) note("second copy pid=%d\n", getpid());
	struct stat status;
	if (write(starts, ".", 1) != 1 || fstat(starts, &status) != 0) return 95;
	run_number = status.st_size;
	/* Before the note: whoever saw it finds lines of this run. */
	if (writes)
		for (int count = 0; count < 10; count++) line("abcdefghijklm");
	note("start pid=%d\n", getpid());

	struct pollfd sources[] = {{signals, POLLIN, 0}, {orders, POLLIN, 0}};
	for (;;) {
		poll(sources, 2, writes ? 10 : -1);
		struct signalfd_siginfo news;
		while (read(signals, &news, sizeof news) == sizeof news) {
			int number = news.ssi_signo;
			note("got %s\n", sigabbrev_np(number) ? sigabbrev_np(number) : "?");
			if (number != SIGTERM || disobeys) continue;
			if (writes) line("the end");
			if (exit_code >= 0) _exit(exit_code);
			die(number);
		}
		char order[256];
		/* Each order is one write. */
		ssize_t length = orders < 0 ? 0 : read(orders, order, sizeof order - 1);
		if (length > 0) {
			order[length] = 0;
			order[strcspn(order, "\n")] = 0;
			obey(order);
		}
		if (writes)
			for (int count = 0; count < 10; count++) line("abcdefghijklm");
	}
}
