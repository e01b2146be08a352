package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/go-digest"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func copyCommand() *cli.Command {
	flags := append(copyFlags(), progressFlags()...)
	flags = append(flags, sideFlags("src", "the source")...)
	flags = append(flags, sideFlags("dest", "the destination")...)
	flags = append(flags, maxLayerFlag())
	return &cli.Command{
		Name:      "copy",
		Aliases:   []string{"cp"},
		Usage:     "copy an image between registries, archives, folders and containerd",
		ArgsUsage: "SOURCE DESTINATION",
		Description: "A place is docker://NAME, docker-archive:FILE[:NAME], oci-archive:FILE[:NAME], oci:FOLDER[:NAME], dir:FOLDER or\n" +
			"containerd:NAME; a name alone is an image of containerd. Prints the digest that the destination has.",
		Flags:  flags,
		Action: copyImage,
	}
}

// copyFlags say how an image changes on its way.
func copyFlags() []cli.Flag {
	return append(registryFlags(),
		&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "copy every platform of an index"},
		&cli.StringFlag{Name: "platform", Usage: "`OS/ARCH[/VARIANT]` to choose from an index (default: this machine's)"},
		&cli.BoolFlag{Name: "preserve-digests", Usage: "fail rather than change a manifest"},
		&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORMAT` of the manifest: oci or v2s2 (default: as it is, or what the destination can)"},
		&cli.StringFlag{Name: "compress", Aliases: []string{"dest-compress-format", "compression-format"}, Usage: "compress plain layers with `ALGORITHM` gzip or zstd"},
		&cli.BoolFlag{Name: "force-compression", Aliases: []string{"dest-force-compress-format"}, Usage: "compress all layers so, also those that are compressed"},
		&cli.BoolFlag{Name: "remove-signatures", Usage: "leave signatures behind"},
		&cli.StringFlag{Name: "sign-by", Usage: "sign with the GPG key of `FINGERPRINT`"},
		&cli.StringFlag{Name: "sign-by-sigstore-private-key", Usage: "sign with the sigstore key in `FILE`"},
		&cli.StringFlag{Name: "sign-passphrase-file", Usage: "`FILE` with the passphrase of the key"},
		&cli.StringFlag{Name: "sign-identity", Usage: "`REFERENCE` that the signature names (default: the destination's)"},
		&cli.StringFlag{Name: "digestfile", Usage: "write the digest to `FILE`"},
		&cli.UintFlag{Name: "jobs", Usage: "copy `N` blobs at once", DefaultText: "6"},
		&cli.IntFlag{Name: "retry", Aliases: []string{"retry-times"}, Value: 2, Usage: "try again `N` times after a failure that may pass"},
		&cli.DurationFlag{Name: "retry-delay", Usage: "`TIME` before each further try, as 5s", DefaultText: "1s, doubling"},
		&cli.DurationFlag{Name: "deadline", Usage: "give up after this `TIME`, as 5m (default: when nothing comes)"},
	)
}

// sideFlags reach one of two registries.
func sideFlags(side, what string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: side + "-creds", Usage: "`USER:PASSWORD` for " + what},
		&cli.StringFlag{Name: side + "-authfile", Usage: "`FILE` of credentials for " + what},
		&cli.StringFlag{Name: side + "-cert-dir", Usage: "`FOLDER` of certificates for " + what},
		&cli.BoolFlag{Name: side + "-tls-verify", Value: true, Usage: "require a valid certificate of " + what},
	}
}

// sideOptions are the options of one side, over those of both.
func sideOptions(c *cli.Context, side string) registry.Options {
	o := registryOptions(c)
	for flag, to := range map[string]*string{"creds": &o.Creds, "authfile": &o.AuthFile, "cert-dir": &o.CertDir} {
		if v := c.String(side + "-" + flag); v != "" {
			*to = v
		}
	}
	if c.IsSet(side + "-tls-verify") {
		v := c.Bool(side + "-tls-verify")
		o.TLSVerify = &v
	}
	return o
}

func copyImage(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	src, err := registry.ParsePlace(args[0])
	if err != nil {
		return err
	}
	dst, err := registry.ParsePlace(args[1])
	if err != nil {
		return err
	}
	return copyBetween(c, src, dst, sideOptions(c, "src"), sideOptions(c, "dest"))
}

// copyBetween does the copy that the flags describe, and prints the digest.
func copyBetween(c *cli.Context, src, dst registry.Place, from, to registry.Options) error {
	o, err := copyOptions(c)
	if err != nil {
		return err
	}
	cp, closeAll, err := copier(c)
	if err != nil {
		return err
	}
	defer closeAll()
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	tell, done, err := progressOf(c)
	if err != nil {
		return err
	}
	d, err := cp.Copy(ctx, image.Copying{Src: src, Dst: dst, SrcOpts: from, DstOpts: to, CopyOptions: o, Tell: tell})
	done()
	if err != nil {
		return err
	}
	return tellDigest(c, d)
}

// copier copies between places; it opens containerd's images when one is there.
func copier(c *cli.Context) (cp image.Copier, closeAll func(), err error) {
	state, err := cmd.Store(c)
	if err != nil {
		return cp, nil, err
	}
	var opened *image.Manager
	closeAll = func() {
		if opened != nil {
			opened.Close()
		}
	}
	return image.Copier{State: state, Images: func() (*image.Manager, error) {
		if opened != nil {
			return opened, nil
		}
		var err error
		opened, err = boundedManager(c)
		return opened, err
	}}, closeAll, nil
}

func copyOptions(c *cli.Context) (registry.CopyOptions, error) {
	o := registry.CopyOptions{
		All: c.Bool("all"), PreserveDigests: c.Bool("preserve-digests"), Format: c.String("format"),
		Compress: c.String("compress"), ForceCompress: c.Bool("force-compression"), RemoveSignatures: c.Bool("remove-signatures"),
		SignBy: c.String("sign-by"), SignKey: c.String("sign-by-sigstore-private-key"), SignIdentity: c.String("sign-identity"), SignPassphrase: []byte{}, Jobs: c.Uint("jobs"),
	}
	if f := c.String("sign-passphrase-file"); f != "" {
		p, err := readPassphrase(f)
		if err != nil {
			return o, err
		}
		o.SignPassphrase = p
	}
	return o, nil
}

// tellDigest prints the digest, and writes it to --digestfile.
func tellDigest(c *cli.Context, d digest.Digest) error {
	_, err := fmt.Fprintln(c.App.Writer, d)
	if f := c.String("digestfile"); f != "" {
		err = errors.Join(err, os.WriteFile(f, []byte(d.String()), 0o644))
	}
	return err
}
