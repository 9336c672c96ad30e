// Package webtest holds the rules about handlers, middleware and file systems of Go packages.
package webtest

import (
	"testing"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// suite are the rules about handlers, middleware and file systems, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules about handlers, middleware and file systems by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){
		"Handlers":            s.testHandlers,
		"Exchanges":           s.testExchanges,
		"ExchangesOfHost":     s.testExchangesOfHost,
		"FileSystems":         s.testFileSystems,
		"MiddlewareRequests":  s.testMiddlewareRequests,
		"MiddlewareResponses": s.testMiddlewareResponses,
		"MiddlewarePanics":    s.testMiddlewarePanics,
		"MiddlewarePrograms":  s.testMiddlewarePrograms,
		"MiddlewareUpgrades":  s.testMiddlewareUpgrades,
		"MiddlewareAbilities": s.testMiddlewareAbilities,
		"MiddlewareContexts":  s.testMiddlewareContexts,
		"MiddlewareHolds":     s.testMiddlewareHolds,
		"MiddlewareGone":      s.testMiddlewareGone,
		"MiddlewareFields":    s.testMiddlewareFields,
		"MiddlewareHammer":    s.testMiddlewareHammer,
	}
}
