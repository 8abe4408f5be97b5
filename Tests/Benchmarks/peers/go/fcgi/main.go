// Serves turns over FastCGI on the socket that is its standard input.
package main

import (
	"log"
	"net/http/fcgi"

	"peers/turn"
)

func main() { log.Fatal(fcgi.Serve(nil, turn.NewAgent())) }
