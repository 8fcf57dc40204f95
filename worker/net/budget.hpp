// worker/net: one bound on the memory that bodies take, whoever they are for.
//
// A Lease counts bytes against the budget and gives them back when it goes away; it travels with the
// bytes from the upstream's socket to the backend's. Loop thread only.
#pragma once

#include <cstdint>
#include <utility>

namespace pgops::worker {

class Budget {
 public:
  explicit Budget(std::int64_t limit) : limit_(limit) {}
  void set_limit(std::int64_t limit) noexcept { limit_ = limit; }
  std::int64_t used() const noexcept { return used_; }

  class Lease {
   public:
    Lease() = default;
    explicit Lease(Budget& budget) : budget_(&budget) {}
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Lease() {
      if (budget_ != nullptr) budget_->used_ -= bytes_;
    }
    // False, and nothing taken, when the budget would be exceeded.
    bool take(std::int64_t bytes) noexcept {
      if (budget_ == nullptr) return true;
      if (budget_->used_ + bytes > budget_->limit_) return false;
      budget_->used_ += bytes;
      bytes_ += bytes;
      return true;
    }

   private:
    Budget* budget_ = nullptr;
    std::int64_t bytes_ = 0;
  };

 private:
  std::int64_t limit_;
  std::int64_t used_ = 0;
};

}  // namespace pgops::worker
