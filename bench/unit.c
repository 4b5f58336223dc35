// What every supervisor of the benchmark supervises: `unit FILE:INDEX` notes in FILE that it runs, then sleeps for ever.
// The note is its first act and carries its own time, so that nobody has to watch closely, which would cost what is
// measured. FILE is opened for appending and written with one call: notes of many units do not mix. After `FILE:INDEX!` it
// says one line on stdout as well, which shows whether a logger takes it.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct note {
  uint32_t index;
  uint32_t pid;
  uint64_t monotonic_ns;
};

int main(int argc, char **argv) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (argc < 2) return 64;
  char *colon = strrchr(argv[1], ':');
  if (colon == NULL) return 64;
  struct note note = {
      (uint32_t)atoi(colon + 1), (uint32_t)getpid(), (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
  *colon = 0;
  int file = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
  // The process list goes on showing which unit this is.
  *colon = ':';
  if (file < 0 || write(file, &note, sizeof note) != (ssize_t)sizeof note) return 74;
  close(file);
  if (argv[1][strlen(argv[1]) - 1] == '!' && write(1, "up\n", 3) != 3) return 74;
  for (;;) pause();
}
