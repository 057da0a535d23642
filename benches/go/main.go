// Measures jub0bs/cors with the policy and the requests of the rows `decide/.../all_fields`.
// run.py runs it. It reads the fields of each case from a file, and prints the lowest time of a
// call in 20 samples of 2 ms or more.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/jub0bs/cors"
)

// writer keeps the fields of a response, and drops everything else.
type writer struct {
	header http.Header
	status int
}

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) Write(b []byte) (int, error) { return len(b), nil }
func (w *writer) WriteHeader(status int)      { w.status = status }

func handler(origins int) http.Handler {
	list := make([]string, origins)
	for number := range list {
		list[number] = fmt.Sprintf("https://tenant-%05d.customers.example.com", number)
	}
	middleware, err := cors.NewMiddleware(cors.Config{
		Origins:         list,
		Credentialed:    true,
		Methods:         []string{"PUT", "DELETE", "PATCH"},
		RequestHeaders:  []string{"Authorization", "Content-Type", "If-Match", "X-Csrf-Token", "X-Request-Id"},
		ResponseHeaders: []string{"Etag", "X-Request-Id"},
		MaxAgeInSeconds: 600,
	})
	if err != nil {
		log.Fatal(err)
	}
	return middleware.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

func nanoseconds(call func()) float64 {
	lowest, calls := 0.0, 1000
	for sample := 0; sample < 20; {
		start := time.Now()
		for range calls {
			call()
		}
		took := time.Since(start)
		if took < 2*time.Millisecond {
			calls *= 2
			continue
		}
		sample++
		each := float64(took.Nanoseconds()) / float64(calls)
		if sample == 1 || each < lowest {
			lowest = each
		}
	}
	return lowest
}

// Each line of the file is `case<TAB>origins<TAB>method<TAB>allowed origin`, and then the fields,
// as `<TAB>name<TAB>value`.
func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Split(lines.Text(), "\t")
		origins, fields := 0, words[4:]
		fmt.Sscan(words[1], &origins)
		request, err := http.NewRequest(words[2], "http://localhost/api", nil)
		if err != nil {
			log.Fatal(err)
		}
		for at := 0; at < len(fields); at += 2 {
			request.Header.Add(fields[at], fields[at+1])
		}
		wrapped, response := handler(origins), &writer{header: http.Header{}}
		call := func() {
			clear(response.header)
			wrapped.ServeHTTP(response, request)
		}
		call()
		// The middleware has to do what the case says.
		if allowed := response.header.Get("Access-Control-Allow-Origin"); allowed != words[3] {
			log.Fatalf("%s: the allowed origin is %q: %v", words[0], allowed, response.header)
		}
		fmt.Printf("%s %.2f\n", words[0], nanoseconds(call))
	}
}
