// Answers one turn as a CGI program.
package main

import (
	"log"
	"net/http/cgi"

	"peers/turn"
)

func main() {
	if err := cgi.Serve(turn.NewAgent()); err != nil {
		log.Fatal(err)
	}
}
