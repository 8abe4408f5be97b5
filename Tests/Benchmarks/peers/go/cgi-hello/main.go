// The least a Go CGI program can do with net/http/cgi.
package main

import (
	"io"
	"log"
	"net/http"
	"net/http/cgi"
)

func main() {
	hello := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") }
	if err := cgi.Serve(http.HandlerFunc(hello)); err != nil {
		log.Fatal(err)
	}
}
