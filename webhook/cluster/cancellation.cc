// SPDX-License-Identifier: Apache-2.0
//
// shutdown(2) wakes whoever polls or reads the socket, a connect(2) under way included.
#include "webhook/cluster/cancellation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidewaiter {

InterruptibleSocket::~InterruptibleSocket() {
  if (duplicate_ >= 0) close(duplicate_);
}

void InterruptibleSocket::Hold(int descriptor) {
  const std::lock_guard lock(mutex_);
  if (duplicate_ >= 0) close(duplicate_);
  duplicate_ = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

void InterruptibleSocket::Interrupt() {
  const std::lock_guard lock(mutex_);
  if (duplicate_ >= 0) shutdown(duplicate_, SHUT_RDWR);
}

void Cancellation::Cancel() {
  {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = true;
    for (InterruptibleSocket* socket : sockets_) socket->Interrupt();
  }
  wake_.notify_all();
}

bool Cancellation::is_cancelled() const {
  const std::lock_guard lock(mutex_);
  return is_cancelled_;
}

bool Cancellation::WaitFor(std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, pause, [this] { return is_cancelled_; });
}

CancellationScope::CancellationScope(Cancellation* cancellation, InterruptibleSocket& socket)
    : cancellation_(cancellation), socket_(socket) {
  if (cancellation_ == nullptr) return;
  const std::lock_guard lock(cancellation_->mutex_);
  cancellation_->sockets_.insert(&socket_);
  if (cancellation_->is_cancelled_) socket_.Interrupt();
}

CancellationScope::~CancellationScope() {
  if (cancellation_ == nullptr) return;
  const std::lock_guard lock(cancellation_->mutex_);
  cancellation_->sockets_.erase(&socket_);
}

}  // namespace tidewaiter
