package main

import (
	"fmt"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

// statsRow is what a container uses as stats prints it: docker's names, and
// behind them the numbers themselves, which scripts need.
type statsRow struct {
	BlockIO   string // read / written
	CPUPerc   string // of one processor
	Container string // as named
	ID        string
	MemPerc   string
	MemUsage  string // used / limit
	Name      string
	NetIO     string // received / sent
	PIDs      string

	CPUNanos      uint64 // in all
	MemBytes      uint64
	MemLimitBytes uint64
	NetInput      uint64 // bytes
	NetOutput     uint64
	BlockInput    uint64 // bytes
	BlockOutput   uint64
}

func newStatsRow(s container.Stat, short bool) statsRow {
	u := s.Usage
	r := statsRow{
		ID: s.Container.ID, Name: s.Container.Name, Container: s.Target,
		CPUPerc: percent(s.CPUPercent), PIDs: fmt.Sprint(u.Pids), MemPerc: percent(0),
		MemUsage: binarySize(u.Memory) + " / " + binarySize(s.MemoryLimit),
		NetIO:    decimalSize(s.Received) + " / " + decimalSize(s.Sent),
		BlockIO:  decimalSize(u.Read) + " / " + decimalSize(u.Written),
		CPUNanos: uint64(u.CPU), MemBytes: u.Memory, MemLimitBytes: s.MemoryLimit,
		NetInput: s.Received, NetOutput: s.Sent, BlockInput: u.Read, BlockOutput: u.Written,
	}
	if s.MemoryLimit > 0 {
		r.MemPerc = percent(100 * float64(u.Memory) / float64(s.MemoryLimit))
	}
	if short {
		r.ID = cmd.ShortID(r.ID)
	}
	return r
}

func percent(f float64) string        { return fmt.Sprintf("%.2f%%", f) }
func binarySize(n uint64) string      { return units.BytesSize(float64(n)) }
func decimalSize(bytes uint64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }
