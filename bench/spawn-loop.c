// The floor that supervisors are compared with: `spawn-loop UNIT FILE COUNT` starts COUNT units by posix_spawn, each in
// a session of its own, and starts again whichever ends. It stores nothing, keeps no logs and answers nobody.
// Prints the time before the first start. SIGTERM ends the units, then itself.
#define _GNU_SOURCE // POSIX_SPAWN_SETSID
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t ending = 0;
static void on_term(int signal) { (void)signal, ending = 1; }

static pid_t start(const char *unit, const char *file, int index, posix_spawnattr_t *attributes) {
  char note[4096];
  snprintf(note, sizeof note, "%s:%d", file, index);
  char *arguments[] = {(char *)unit, note, NULL};
  pid_t pid;
  return posix_spawn(&pid, unit, NULL, attributes, arguments, environ) == 0 ? pid : -1;
}

int main(int argc, char **argv) {
  if (argc < 4) return 64;
  int count = atoi(argv[3]);
  pid_t *pids = calloc((size_t)count, sizeof *pids);
  if (pids == NULL) return 71;
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);

  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%llu\n", (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec);
  fflush(stdout);
  for (int index = 0; index < count; index++) pids[index] = start(argv[1], argv[2], index, &attributes);

  while (!ending) {
    pid_t ended = waitpid(-1, NULL, 0);
    for (int index = 0; ended > 0 && !ending && index < count; index++)
      if (pids[index] == ended) pids[index] = start(argv[1], argv[2], index, &attributes);
  }
  for (int index = 0; index < count; index++)
    if (pids[index] > 0) kill(pids[index], SIGTERM);
  while (waitpid(-1, NULL, 0) > 0) {
  }
  return 0;
}
