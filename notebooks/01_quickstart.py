# %% [markdown]
# # Quickstart: from images to an autoencoder on a small device
#
# An **autoencoder** is a neural network that learns to squeeze each sample, here an image, into a few
# numbers and to rebuild the sample from them. The few numbers are called the **code**. Nobody has to
# say what is in the images: the network is right when what comes out looks like what went in.
#
# What is that good for? The codes are small, so they save space. They keep what the samples have in
# common and drop the rest, so noise gets lost on the way. And a sample unlike all others is rebuilt
# badly, which gives it away.
#
# In about ten minutes you will train one, look at what it does, save it, and shrink it to a file
# that a phone or a small computer can run.

# %%
# On Colab this installs aezoo: from the wheel that AEZOO_WHEEL names, a path or an address, else from
# one that was uploaded beside this notebook, else from PyPI. Anywhere else it does nothing.
import importlib.util
import os
import sys
from pathlib import Path

if "google.colab" in sys.modules:
    wheels = sorted(map(str, Path.cwd().glob("aezoo-*.whl")))
    wheel = os.environ.get("AEZOO_WHEEL") or (wheels or [""])[-1]
    place = Path(wheel).resolve().as_uri() if wheel and "://" not in wheel else wheel
    wanted = f"aezoo @ {place}" if wheel else "aezoo"
    get_ipython().run_line_magic("pip", f'install -q "{wanted}"')
    importlib.invalidate_caches()
    if importlib.util.find_spec("aezoo") is None:
        raise ModuleNotFoundError(
            f"{wanted} could not be installed. Until a release is on PyPI: upload aezoo-*.whl with the "
            "file browser at the left, or type %env AEZOO_WHEEL=ADDRESS, and run this cell again."
        )

# %%
import keras

import aezoo

keras.utils.set_random_seed(0)  # the same numbers every time this notebook runs

# %% [markdown]
# ## The data
#
# 1,797 handwritten digits come with scikit-learn, so nothing is downloaded. Each is an image of
# 8 x 8 **pixels**, and each pixel is a brightness from 0 (black) to 1 (white): 64 numbers an image.
#
# The images are split into two parts. The network learns from the **training** images; the **test**
# images are kept aside, so that we can see how it does on images that it has never seen. (With
# `"mnist"` in place of `"digits"` you get 70,000 larger images. They are downloaded once, and training
# takes minutes instead of seconds.)

# %%
DATA = "digits"
train = aezoo.load_dataset(DATA, "train").x
labelled_test = aezoo.load_dataset(DATA, "test")
test = labelled_test.x
train.shape, test.shape  # (images, height, width, channels); a grey image has one channel

# %% [markdown]
# ## Build and train
#
# `aezoo.build` makes a network by name. `"conv"` looks at small neighbourhoods of pixels, which suits
# images. It has two halves: the **encoder** turns an image into a code, the **decoder** turns a code
# into an image. We allow the code 8 numbers, an eighth of what an image has. (Codes are also called
# latent, which means hidden: therefore `latent_dim`.) All that the network will learn is in its
# **weights**, numbers that it multiplies the pixels with, random at first.

# %%
image_shape = train.shape[1:]
ae = aezoo.build("conv", input_shape=image_shape, latent_dim=8)
print(ae.encoder.output_shape, "is the shape of a code;", f"{ae.count_params():,} weights to learn")

# %% [markdown]
# Training shows the network all the training images again and again. One round through all of them is
# an **epoch**. After every 32 images, a **batch**, the weights are moved a little, so that the error
# falls. The error, or **loss**, is the **mean squared error**: the difference between the pixels that
# went in and those that came out, squared, so that signs do not matter, and averaged. Zero would be
# perfect.
#
# `validation_split` keeps a tenth of these images out of the training. They are only measured, and give
# the error on images that are not trained on. The test images stay unseen until the end: whoever looks
# at them while choosing has nothing left to test on.

# %%
history = ae.fit(train, validation_split=0.1, epochs=40, batch_size=32, verbose=0)
aezoo.plots.history(history.history)

# %% [markdown]
# Both curves fall together: what the network learns from the training images is also true of others.
# In the end the validation curve lies a little higher, and is nearly flat. If it rose again while the
# other one fell, the network would be learning the training images by heart, which is called
# overfitting, and it would be time to stop.
#
# ## Look
#
# The first row shows test images, the second what came out, the third how much each pixel is off.

# %%
rebuilt = ae.reconstruct(test)
aezoo.plots.reconstructions(test, rebuilt)

# %% [markdown]
# Is that good? A number says little by itself, so let us compare. **Principal component analysis**
# (PCA) is the classical way to squeeze samples into a few numbers. It uses no neural network: it
# finds the directions in which the images differ most, and keeps how far each image goes along them.
# If PCA did as well with 8 numbers, nobody would need the network.

# %%
metrics = aezoo.evaluate(ae, test, x_train=train)
print(f"mean squared error of the autoencoder  {metrics['mse']:.4f}")
print(f"mean squared error of PCA, 8 numbers   {metrics['pca_mse']:.4f}")
print(f"the autoencoder's share of PCA's error {metrics['mse'] / metrics['pca_mse']:.0%}")

# %% [markdown]
# ## Encode and decode
#
# The two halves can be used on their own. `encode` gives the codes, which you can store in place of
# the images; `decode` makes images of codes.

# %%
codes = ae.encode(test)
print("an image as 8 numbers:", codes[0].round(2))
images = ae.decode(codes)
images.shape

# %% [markdown]
# Codes have 8 numbers, and paper has two dimensions. The picture shows each test image as a dot, by
# the two directions in which the codes differ most. Nobody told the network which digit an image
# shows (that is only the colour here, and the numeral in the middle of each colour), and still many
# equal digits have come to lie together.

# %%
aezoo.plots.latent(codes, labelled_test.y)

# %% [markdown]
# ## Save and load
#
# A saved model is one file. It is an ordinary Keras model, and `encode`, `decode` and the rest come
# back with it.

# %%
import os
import tempfile

os.chdir(tempfile.mkdtemp())  # a temporary folder; leave this out to keep the files
ae.save("digits.keras")
loaded = keras.saving.load_model("digits.keras")
print("largest difference after loading:", abs(loaded.reconstruct(test) - rebuilt).max())

# %% [markdown]
# ## Take it to a small device
#
# Phones and small computers run networks in a format of their own, TFLite, and often fastest with
# **int8**: weights and values as whole numbers from -128 to 127 in place of fractions, which makes
# the file three to four times smaller. Rounding like that costs some precision, and how much depends on
# the model, so `export_tflite` measures it. It needs some images to learn which range of values to
# spread over those 256 steps (`calibration_data`), and others to compare on (`samples`). If the result
# were much worse than the model, it would say so and write nothing.

# %%
report = aezoo.export_tflite(
    ae, "digits.tflite", quantize="int8", calibration_data=train, samples=test
)
print(report)

# %% [markdown]
# The report says how large the file is and which operations the device has to know; then how far its
# images are from the model's, by the largest and the mean difference of a pixel, by the mean squared
# error before and after, and by the signal-to-noise ratio (PSNR), where 40 dB cannot be seen; whether
# it finds the same images hard to rebuild as the model does (rank correlation: 1 means in the same
# order); and how long one image takes, in millionths of a second, beside Keras itself.
#
# `LiteModel` runs such a file. It needs neither Keras nor TensorFlow, so it fits on the device, and it
# has the same methods as the model.

# %%
lite = aezoo.LiteModel("digits.tflite")
in_int8 = lite.reconstruct(test)
print(
    f"mean squared error in Keras {metrics['mse']:.5f}, in int8 {((in_int8 - test) ** 2).mean():.5f}"
)
aezoo.plots.reconstructions(test, in_int8)

# %% [markdown]
# That was all of it: images, a network, 8 numbers, a file for a device.
#
# Where to go next: how the training works inside, in `02_from_scratch`; which network for which data,
# in `03_architectures`; noise, in `04_denoising`; what the codes know, in `05_latent_space`; new images,
# in `06_generation`; more about devices, in `07_edge`; a network of your own, in `08_your_own_family`.
