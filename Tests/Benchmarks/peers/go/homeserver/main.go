// Stands in for a Matrix homeserver on 127.0.0.1:PORT: every request gets a new event id after DELAY milliseconds.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

func main() {
	milliseconds, _ := strconv.Atoi(os.Getenv("DELAY"))
	var count atomic.Int64
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"event_id":"$%d"}`, count.Add(1))
	})))
}
