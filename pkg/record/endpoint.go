package record

import "encoding/json"

// Endpoint is endpoints/<id>-<interface>.json: what a driver that is not Pouch's
// own was asked to make for a network namespace. It is written before the driver
// is asked and removed after it has undone it, so it holds all that this needs. It
// survives a reboot, since what drivers keep does.
type Endpoint struct {
	SchemaVersion int    `json:"schemaVersion"`
	ID            string `json:"id"` // of the container, or 64 hex digits that stand for another namespace
	Iface         string `json:"interface"`
	Driver        string `json:"driver"` // cni, or the name of a plugin
	Network       string `json:"network"`
	NetworkID     string `json:"networkID"`
	Container     string `json:"container,omitempty"`
	Netns         string `json:"netns"`
	NetnsInode    uint64 `json:"netnsInode"`
	BootID        string `json:"bootID"`
	Owner         Proc   `json:"owner"`           // who asked, until Made
	Made          bool   `json:"made,omitempty"`  // the driver has answered, and the leases are written
	Error         string `json:"error,omitempty"` // why the driver could not undo it

	// Of CNI: the configuration list, where its plugins are, and what they were told.
	Config       json.RawMessage `json:"config,omitempty"`
	PluginDirs   []string        `json:"pluginDirs,omitempty"`
	Args         [][2]string     `json:"args,omitempty"`
	Capabilities map[string]any  `json:"capabilities,omitempty"`

	// Of a plugin of docker's: what CreateEndpoint is told.
	EndpointID string            `json:"endpointID,omitempty"`
	Addresses  []string          `json:"addresses,omitempty"` // CIDR
	Gateways   []string          `json:"gateways,omitempty"`
	MAC        string            `json:"mac,omitempty"`
	Ports      []Port            `json:"ports,omitempty"`
	Options    map[string]string `json:"options,omitempty"`

	// Of a plugin that gives addresses: what it has given, for a network or an interface.
	Pools []Pool `json:"pools,omitempty"`
}

// Pool is a subnet that a plugin gives, and what it has given of that.
type Pool struct {
	ID        string            `json:"id,omitempty"` // the plugin's name of it
	Space     string            `json:"space,omitempty"`
	Subnet    string            `json:"subnet,omitempty"` // CIDR
	Range     string            `json:"range,omitempty"`  // CIDR within Subnet
	IPv6      bool              `json:"ipv6,omitempty"`
	Gateway   string            `json:"gateway,omitempty"`
	Reserved  map[string]string `json:"reserved,omitempty"`
	Want      string            `json:"want,omitempty"`      // the address that is asked for; empty: any
	Addresses []string          `json:"addresses,omitempty"` // to be given back
}
