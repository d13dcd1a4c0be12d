#include "kernels/backends.h"

namespace kubesched {

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> found;
#if defined(KUBESCHED_X86)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    found.push_back(&avx512::kernels());
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&avx2::kernels());
#endif
  found.push_back(&portable::kernels());
  return found;
}

const Kernels& best_kernels() { return *available_kernels().front(); }

const Kernels* find_kernels(std::string_view name) {
  for (const Kernels* kernels : available_kernels()) {
    if (kernels->name == name) return kernels;
  }
  return nullptr;
}

}  // namespace kubesched
