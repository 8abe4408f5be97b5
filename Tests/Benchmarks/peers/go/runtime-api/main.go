// Stand-in for the Lambda runtime API: hands out the event in EVENT as fast as it is asked, on 127.0.0.1:PORT.
// GET /count tells how many answers were taken and how many of them did not carry status 200.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

func main() {
	event, err := os.ReadFile(os.Getenv("EVENT"))
	if err != nil {
		log.Fatal(err)
	}
	var issued, answered, bad int64
	const root = "/2018-06-01/runtime/"
	http.HandleFunc(root+"invocation/next", func(w http.ResponseWriter, _ *http.Request) {
		id := fmt.Sprintf("8476a536-e9f4-11e8-9739-%012x", atomic.AddInt64(&issued, 1))
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().UnixMilli()+10_000, 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:exchange")
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(event)))
		w.Write(event)
	})
	http.HandleFunc(root, func(w http.ResponseWriter, r *http.Request) {
		answer, err := io.ReadAll(r.Body)
		if err != nil || !strings.HasSuffix(r.URL.Path, "/response") || !bytes.Contains(answer, []byte(`"statusCode":200`)) {
			atomic.AddInt64(&bad, 1)
		}
		atomic.AddInt64(&answered, 1)
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"status":"OK"}`)
	})
	http.HandleFunc("/count", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"answered":%d,"bad":%d}`, atomic.LoadInt64(&answered), atomic.LoadInt64(&bad))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
