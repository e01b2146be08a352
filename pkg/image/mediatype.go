package image

import (
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Docker's media types (distribution, manifest-v2-2).
const (
	dockerPrefix   = "application/vnd.docker."
	dockerIndex    = dockerPrefix + "distribution.manifest.list.v2+json"
	dockerManifest = dockerPrefix + "distribution.manifest.v2+json"
	dockerConfig   = dockerPrefix + "container.image.v1+json"
	dockerLayer    = dockerPrefix + "image.rootfs.diff.tar"
)

func isDocker(mediaType string) bool { return strings.HasPrefix(mediaType, dockerPrefix) }

func indexType(docker bool) string {
	if docker {
		return dockerIndex
	}
	return ocispec.MediaTypeImageIndex
}

func manifestType(docker bool) string {
	if docker {
		return dockerManifest
	}
	return ocispec.MediaTypeImageManifest
}

func configType(docker bool) string {
	if docker {
		return dockerConfig
	}
	return ocispec.MediaTypeImageConfig
}

// layerType is that of a layer which was converted to that.
func layerType(docker bool, to string) string {
	switch {
	case to == Zstd || to == ZstdChunked:
		return ocispec.MediaTypeImageLayerZstd
	case docker:
		return dockerLayer + ".gzip"
	}
	return ocispec.MediaTypeImageLayerGzip
}

// isLayer reports whether a blob of that type is a tar archive, perhaps compressed,
// that may be stored under another name: one that is encrypted, or that has to come
// from its own address, may not.
func isLayer(mediaType string) bool {
	switch mediaType {
	case "", ocispec.MediaTypeImageLayer, ocispec.MediaTypeImageLayerGzip, ocispec.MediaTypeImageLayerZstd,
		dockerLayer, dockerLayer + ".gzip", dockerLayer + ".zstd":
		return true
	}
	return false
}
