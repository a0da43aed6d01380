/* SPDX-License-Identifier: Apache-2.0
 *
 * The first process of each Pod: holds the namespaces that its containers share, reaps what they leave behind, and ends
 * when it is told to. node.py makes an image of it. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void End(int number) {
  (void)number;
  _exit(0);
}

static void Reap(int number) {
  (void)number;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

int main(void) {
  signal(SIGINT, End);
  signal(SIGTERM, End);
  signal(SIGCHLD, Reap);
  for (;;) pause();
}
