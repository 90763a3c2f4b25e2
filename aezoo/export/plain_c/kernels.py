"""The C of each operator, in the arithmetic of TensorFlow Lite Micro's reference kernels."""

RESCALED = """\
// x * multiplier / 2^31 * 2^shift, rounded twice: by the first division half up, by the second half
// away from 0. Shifts of negative numbers keep the sign, as those of every known compiler do.
static int32_t rescaled(int32_t x, int32_t multiplier, int shift) {
  if (shift > 0) x = (int32_t)((uint32_t)x << shift);
  x = (int32_t)(((int64_t)x * multiplier + (INT64_C(1) << 30)) >> 31);
  if (shift >= 0) return x;
  const int32_t mask = (int32_t)((UINT32_C(1) << -shift) - 1);
  const int32_t rest = x & mask;
  return (x >> -shift) + (rest > (mask >> 1) + (x < 0));
}

// How sums become integers in the scale of an output.
struct rescaling {
  const int32_t *multipliers;
  const int8_t *shifts;
  int each;  // 1 if each channel has its own of them, 0 if there is one for all
  int zero_point, least, most;
};

static int8_t ended(const struct rescaling *to, int32_t sum, int channel) {
  const int i = to->each * channel;
  const int32_t x = rescaled(sum, to->multipliers[i], to->shifts[i]) + to->zero_point;
  return (int8_t)(x < to->least ? to->least : x > to->most ? to->most : x);
}
"""
EXTREME = """\
struct {name} {{
  int size, a_size, b_size;  // the shorter one is repeated
}};

static void {name}(const struct {name} *by, const int8_t *a, const int8_t *b, int8_t *output) {{
  for (int i = 0; i < by->size; ++i) {{
    const int8_t left = a[i % by->a_size], right = b[i % by->b_size];
    output[i] = left {sign} right ? left : right;
  }}
}}
"""
KERNELS = {
    "fully_connected": """\
struct fully_connected {
  const int8_t *weights;  // [outputs][inputs]
  const int32_t *bias;    // [outputs], or 0
  int rows, inputs, outputs, zero_point;
  struct rescaling to;
};

static void fully_connected(const struct fully_connected *by, const int8_t *input, int8_t *output) {
  for (int row = 0; row < by->rows; ++row, input += by->inputs) {
    const int8_t *weight = by->weights;
    for (int i = 0; i < by->outputs; ++i) {
      int32_t sum = by->bias ? by->bias[i] : 0;
      for (int j = 0; j < by->inputs; ++j) sum += *weight++ * (input[j] - by->zero_point);
      *output++ = ended(&by->to, sum, i);
    }
  }
}
""",
    "conv_2d": """\
struct conv_2d {
  const int8_t *weights;  // [out_channels][kernel_height][kernel_width][in_channels]
  const int32_t *bias;    // [out_channels], or 0
  int in_height, in_width, in_channels, out_height, out_width, out_channels;
  int kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, top, left;
  int zero_point;
  struct rescaling to;
};

static void conv_2d(const struct conv_2d *by, const int8_t *input, int8_t *output) {
  for (int y = 0; y < by->out_height; ++y) {
    for (int x = 0; x < by->out_width; ++x) {
      const int8_t *weight = by->weights;
      for (int channel = 0; channel < by->out_channels; ++channel) {
        int32_t sum = by->bias ? by->bias[channel] : 0;
        for (int ky = 0; ky < by->kernel_height; ++ky) {
          const int in_y = y * by->stride_y - by->top + ky * by->dilation_y;
          for (int kx = 0; kx < by->kernel_width; ++kx, weight += by->in_channels) {
            const int in_x = x * by->stride_x - by->left + kx * by->dilation_x;
            if (in_y < 0 || in_y >= by->in_height || in_x < 0 || in_x >= by->in_width) continue;
            const int8_t *at = input + (in_y * by->in_width + in_x) * by->in_channels;
            for (int i = 0; i < by->in_channels; ++i) sum += weight[i] * (at[i] - by->zero_point);
          }
        }
        *output++ = ended(&by->to, sum, channel);
      }
    }
  }
}
""",
    "transpose_conv": """\
struct transpose_conv {
  const int8_t *weights;  // [out_channels][kernel_height][kernel_width][in_channels]
  const int32_t *bias;    // [out_channels], or 0
  int in_height, in_width, in_channels, out_height, out_width, out_channels;
  int kernel_height, kernel_width, stride_y, stride_x, top, left;
  int zero_point;
  struct rescaling to;
};

// Gathers for each output what inputs would have scattered to it, so that no sums need be kept.
static void transpose_conv(const struct transpose_conv *by, const int8_t *input, int8_t *output) {
  for (int y = 0; y < by->out_height; ++y) {
    for (int x = 0; x < by->out_width; ++x) {
      const int8_t *weight = by->weights;
      for (int channel = 0; channel < by->out_channels; ++channel) {
        int32_t sum = by->bias ? by->bias[channel] : 0;
        for (int ky = 0; ky < by->kernel_height; ++ky) {
          const int up = y + by->top - ky, in_y = up / by->stride_y;
          for (int kx = 0; kx < by->kernel_width; ++kx, weight += by->in_channels) {
            const int along = x + by->left - kx, in_x = along / by->stride_x;
            if (up < 0 || in_y >= by->in_height || in_y * by->stride_y != up) continue;
            if (along < 0 || in_x >= by->in_width || in_x * by->stride_x != along) continue;
            const int8_t *at = input + (in_y * by->in_width + in_x) * by->in_channels;
            for (int i = 0; i < by->in_channels; ++i) sum += weight[i] * (at[i] - by->zero_point);
          }
        }
        *output++ = ended(&by->to, sum, channel);
      }
    }
  }
}
""",
    "lookup": """\
struct lookup {
  const int8_t *table;  // what the reference kernel makes of -128 to 127
  int size;
};

static void lookup(const struct lookup *by, const int8_t *input, int8_t *output) {
  for (int i = 0; i < by->size; ++i) output[i] = by->table[input[i] + 128];
}
""",
    "add": """\
struct add {
  int size, a_size, b_size;  // the shorter one is repeated
  int a_zero_point, b_zero_point;
  int32_t a_multiplier, b_multiplier;
  int a_shift, b_shift;
  struct rescaling to;
};

static void add(const struct add *by, const int8_t *a, const int8_t *b, int8_t *output) {
  for (int i = 0; i < by->size; ++i) {
    const int32_t left = (a[i % by->a_size] - by->a_zero_point) * (INT32_C(1) << 20);
    const int32_t right = (b[i % by->b_size] - by->b_zero_point) * (INT32_C(1) << 20);
    const int32_t sum = rescaled(left, by->a_multiplier, by->a_shift) +
                        rescaled(right, by->b_multiplier, by->b_shift);
    output[i] = ended(&by->to, sum, 0);
  }
}
""",
    "mul": """\
struct mul {
  int size, a_size, b_size;  // the shorter one is repeated
  int a_zero_point, b_zero_point;
  struct rescaling to;
};

static void mul(const struct mul *by, const int8_t *a, const int8_t *b, int8_t *output) {
  for (int i = 0; i < by->size; ++i) {
    const int32_t left = a[i % by->a_size] - by->a_zero_point;
    output[i] = ended(&by->to, left * (b[i % by->b_size] - by->b_zero_point), 0);
  }
}
""",
    "maximum": EXTREME.format(name="maximum", sign=">"),
    "minimum": EXTREME.format(name="minimum", sign="<"),
    "rearrange": """\
struct rearrange {
  int offset, shape[4], strides[4];  // of the input's values that are taken, in order
};

static void rearrange(const struct rearrange *by, const int8_t *input, int8_t *output) {
  for (int i = 0; i < by->shape[0]; ++i) {
    for (int j = 0; j < by->shape[1]; ++j) {
      for (int k = 0; k < by->shape[2]; ++k) {
        const int8_t *at = input + by->offset + i * by->strides[0] + j * by->strides[1] +
                           k * by->strides[2];
        for (int l = 0; l < by->shape[3]; ++l) *output++ = at[l * by->strides[3]];
      }
    }
  }
}
""",
    "arg_max": """\
struct arg_max {
  int rows, size;
};

static void arg_max(const struct arg_max *by, const int8_t *input, int32_t *output) {
  for (int row = 0; row < by->rows; ++row, input += by->size) {
    int largest = 0;  // of equal ones the first
    for (int i = 1; i < by->size; ++i) {
      if (input[i] > input[largest]) largest = i;
    }
    output[row] = largest;
  }
}
""",
    "gather": """\
struct gather {
  const int8_t *values;  // [...][size]
  int rows, size;
};

static void gather(const struct gather *by, const int32_t *input, int8_t *output) {
  for (int row = 0; row < by->rows; ++row) {
    for (int i = 0; i < by->size; ++i) *output++ = by->values[input[row] * by->size + i];
  }
}
""",
}
