// The kernels compiled for the avx512 back end.
#include <immintrin.h>

#include "kernels/backends.h"

namespace kubesched::avx512 {

namespace {

constexpr std::size_t kLanes = 8;

using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));
using Whole = std::int64_t __attribute__((vector_size(kLanes * sizeof(std::int64_t))));

inline Doubles higher(Doubles a, Doubles b) { return Doubles(_mm512_max_pd(__m512d(a), __m512d(b))); }
// The IEEE quotient n / d without a division, given inverse = 1 / d: one step of Newton's from below 2^51.
inline Doubles quotient(Doubles n, Doubles d, Doubles inverse) {
  const Doubles estimate = n * inverse;
  const Doubles rest = Doubles(_mm512_fnmadd_pd(__m512d(estimate), __m512d(d), __m512d(n)));
  return Doubles(_mm512_fmadd_pd(__m512d(rest), __m512d(inverse), __m512d(estimate)));
}
inline Doubles lower(Doubles a, Doubles b) { return Doubles(_mm512_min_pd(__m512d(a), __m512d(b))); }

using Group = __m512i;

inline Group load_group(const std::uint8_t* bytes) { return _mm512_loadu_si512(bytes); }
inline Group load_group(const std::uint8_t* bytes, std::uint64_t mask) { return _mm512_maskz_loadu_epi8(mask, bytes); }
inline Group higher(Group a, Group b) { return _mm512_max_epu8(a, b); }
inline std::uint64_t equals(Group a, std::uint8_t value) {
  return _mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8(static_cast<char>(value)));
}
inline std::uint8_t highest(Group a) {
  const __m256i half = _mm256_max_epu8(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
  const __m128i quarter = _mm_max_epu8(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  // There is an instruction for the lowest of eight words only; the highest byte of each pair is made its word first.
  const __m128i all = _mm_set1_epi8(-1);
  const __m128i low = _mm_subs_epu8(all, quarter);
  const __m128i pairs = _mm_min_epu8(low, _mm_srli_epi16(low, 8));
  return static_cast<std::uint8_t>(0xff - _mm_extract_epi8(_mm_minpos_epu16(pairs), 0));
}

#include "kernels/kernels_body.h"

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("avx512");
  return kTable;
}

}  // namespace kubesched::avx512
