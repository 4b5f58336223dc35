// What every supervisor of the benchmark logs: `flood BYTES LINES FILE:INDEX` writes BYTES bytes in numbered lines of 100
// bytes to stdout, LINES of them with each write, then sleeps for ever. It notes in FILE, as unit.c does, when it begins,
// and under INDEX + 1000 when its last write has returned. BYTES 0: it never ends.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 100
#define LINES_MAX 1000

struct note {
  uint32_t index;
  uint32_t pid;
  uint64_t monotonic_ns;
};

static int tell(const char *path, int index) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct note note = {
      (uint32_t)index, (uint32_t)getpid(), (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
  int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0 || write(file, &note, sizeof note) != (ssize_t)sizeof note) return -1;
  return close(file);
}

static int write_all(const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(1, bytes, size);
    if (written <= 0) return -1;
    bytes += written;
    size -= (size_t)written;
  }
  return 0;
}

// The number of a line stands at its beginning, the rest is the same in each.
static void number_line(char *line, unsigned long long number) {
  for (int at = 15; at >= 0; at--, number /= 10) line[at] = (char)('0' + number % 10);
}

int main(int argc, char **argv) {
  if (argc < 4) return 64;
  long long left = atoll(argv[1]) / LINE_BYTES;
  int lines = atoi(argv[2]);
  int is_endless = left == 0;
  char *colon = strrchr(argv[3], ':');
  if (colon == NULL || lines < 1 || lines > LINES_MAX) return 64;
  char path[4096];
  snprintf(path, sizeof path, "%.*s", (int)(colon - argv[3]), argv[3]);
  int index = atoi(colon + 1);
  static char block[LINES_MAX * LINE_BYTES];
  memset(block, 'x', sizeof block);
  for (int line = 0; line < LINES_MAX; line++) block[line * LINE_BYTES + LINE_BYTES - 1] = '\n';
  if (tell(path, index) != 0) return 74;
  unsigned long long number = 0;
  while (is_endless || left > 0) {
    int count = is_endless || left > lines ? lines : (int)left;
    for (int line = 0; line < count; line++) number_line(block + line * LINE_BYTES, number++);
    if (write_all(block, (size_t)count * LINE_BYTES) != 0) return 74;
    left -= count;
  }
  if (tell(path, index + 1000) != 0) return 74;
  for (;;) pause();
}
