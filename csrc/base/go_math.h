// Floating-point functions that must give Go's bits, since upstream is written in Go.
#pragma once

#include <cmath>
#include <cstdint>

namespace kubesched {

// Rounds half away from zero and truncates, as int64(math.Round(x)) does.
inline std::int64_t go_round(double x) { return static_cast<std::int64_t>(std::round(x)); }

// math.Log for x > 0: the FDLIBM reduction x = 2^k (1 + f) and its degree-14 polynomial, evaluated in
// the order that Go evaluates it. A C library's log may differ in the last bit.
inline double go_log(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr double kHalfSqrt2 = 0.70710678118654752440;
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);
  if (fraction < kHalfSqrt2) {
    fraction *= 2;
    --exponent;
  }
  const double f = fraction - 1;
  const double k = exponent;
  const double s = f / (2 + f);
  const double s2 = s * s;
  const double s4 = s2 * s2;
  const double odd =
      s2 * (6.666666666666735130e-01 +
            s4 * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)));
  const double even = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01));
  const double half_square = 0.5 * f * f;
  return k * kLn2High - ((half_square - (s * (half_square + (odd + even)) + k * kLn2Low)) - f);
}

// math.Exp: the FDLIBM reduction x = k ln2 + r and its polynomial, evaluated in the order that Go's portable code
// evaluates it.
inline double go_exp(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr double kLog2E = 1.44269504088896338700e+00;
  constexpr double kOverflow = 7.09782712893383973096e+02;
  constexpr double kUnderflow = -7.45133219101941108420e+02;
  constexpr double kNearZero = 1.0 / (1 << 28);
  if (x > kOverflow) return HUGE_VAL;
  if (x < kUnderflow) return 0;
  if (-kNearZero < x && x < kNearZero) return 1 + x;
  int k = 0;
  if (x < 0) k = static_cast<int>(kLog2E * x - 0.5);
  if (x > 0) k = static_cast<int>(kLog2E * x + 0.5);
  const double high = x - k * kLn2High;
  const double low = k * kLn2Low;
  const double r = high - low;
  const double t = r * r;
  const double c =
      r -
      t * (1.66666666666666657415e-01 +
           t * (-2.77777777770155933842e-03 +
                t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  return std::ldexp(1 - ((low - (r * c) / (2 - c)) - high), k);
}

}  // namespace kubesched
