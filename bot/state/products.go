package state

import "time"

// Product is a product in the default branch of a repository.
type Product struct {
	ID, RepositoryID int64
	// Path is its folder, "." for the root of the repository; Name its identity.
	Path, Name string
	// Gone says that the default branch does not have it any more.
	Gone bool
	// Wanted counts what was asked of it, Done up to where that was seen to.
	Wanted, Done int64
	ProductData
}

// ProductData is what is known of a product without being searched for.
type ProductData struct {
	// Inputs are the names of the products that it reads.
	Inputs []string `json:"inputs,omitempty"`
	// Owner is who answers for it: a team, or an address.
	Owner string `json:"owner,omitempty"`
	// Refreshed is the fingerprint of what the last refresh looked at.
	Refreshed string `json:"refreshed,omitempty"`
	// Unreadable says why its spec can't be read; empty if it can.
	Unreadable string `json:"unreadable,omitempty"`
}

// SaveProducts keeps the products of a repository's default branch. Those that are not among them are gone.
func (t *Tx) SaveProducts(repository int64, found []Product) error {
	if _, err := t.exec(`update products set gone = 1 where repository_id = ?`, repository); err != nil {
		return err
	}
	for _, p := range found {
		// Of what was known before only the fingerprint of the last refresh stays; a patch with null takes a member away.
		if _, err := t.exec(`insert into products (repository_id, path, name, data) values (?, ?, ?, ?)
			on conflict (repository_id, path) do update set gone = 0, name = excluded.name, data = json_patch(excluded.data, json_object('refreshed', data ->> '$.refreshed'))`,
			repository, p.Path, p.Name, encoded(p.ProductData)); err != nil {
			return err
		}
	}
	return nil
}

// SaveProduct keeps what is known of one product.
func (t *Tx) SaveProduct(p Product) error {
	_, err := t.exec(`update products set data = ? where id = ?`, encoded(p.ProductData), p.ID)
	return err
}

// Product is the product with an id.
func (t *Tx) Product(id int64) (p Product, ok bool, err error) {
	return one(t, scanProduct, selectProduct+` where id = ?`, id)
}

// ProductsIn are the products of a repository that are not gone, by path.
func (t *Tx) ProductsIn(repository int64) ([]Product, error) {
	return all(t, scanProduct, selectProduct+` where repository_id = ? and gone = 0 order by path`, repository)
}

// Products are all products that are not gone.
func (t *Tx) Products() ([]Product, error) {
	return all(t, scanProduct, selectProduct+` where gone = 0 order by repository_id, path`)
}

// Want says that there is something to do for a product, and returns how much was asked of it so far.
func (t *Tx) Want(product int64) (wanted int64, err error) {
	wanted, _, err = one(t, scalar[int64], `update products set wanted = wanted + 1 where id = ? returning wanted`, product)
	return wanted, err
}

// SeenTo says up to which count what was asked of a product is done.
func (t *Tx) SeenTo(product, wanted int64) error {
	_, err := t.exec(`update products set done = max(done, ?) where id = ?`, wanted, product)
	return err
}

// Behind are the products for which there is something to do.
func (t *Tx) Behind() ([]Product, error) {
	return all(t, scanProduct, selectProduct+` where wanted > done order by id`)
}

const selectProduct = `select id, repository_id, path, name, gone, wanted, done, data from products`

func scanProduct(s scanner) (p Product, err error) {
	err = s.Scan(&p.ID, &p.RepositoryID, &p.Path, &p.Name, &p.Gone, &p.Wanted, &p.Done, document[ProductData]{&p.ProductData})
	return p, err
}

// Lease is the right to work on something alone, for a while. Its fence rises with each holder: what was done under an old one is told by it.
type Lease struct {
	Name, Holder string
	Fence        int64
	Until        time.Time
}

// Take takes a lease for holder if it is free, was held too long, or is holder's already; ok is false if somebody else has it.
func (t *Tx) Take(name, holder string, length time.Duration) (l Lease, ok bool, err error) {
	return one(t, scanLease, `insert into leases (name, holder, fence, until) values (?, ?, 1, ?)
		on conflict (name) do update set holder = excluded.holder, fence = fence + 1, until = excluded.until
		where until <= ? or holder = excluded.holder or holder = '' returning name, holder, fence, until`,
		name, holder, millis(t.now.Add(length)), millis(t.now))
}

// Renew makes a lease last longer; ok is false if it was lost meanwhile.
func (t *Tx) Renew(l Lease, length time.Duration) (ok bool, err error) {
	n, err := t.exec(`update leases set until = ? where name = ? and fence = ?`, millis(t.now.Add(length)), l.Name, l.Fence)
	return n > 0, err
}

// Holds says whether a lease is still the one that counts.
func (t *Tx) Holds(l Lease) (bool, error) {
	_, ok, err := one(t, scalar[int], `select 1 from leases where name = ? and fence = ?`, l.Name, l.Fence)
	return ok, err
}

// Free gives a lease back.
func (t *Tx) Free(l Lease) error {
	_, err := t.exec(`update leases set holder = '', until = 0 where name = ? and fence = ?`, l.Name, l.Fence)
	return err
}

// FreeAll frees all leases. It is for a process that has just got the database to itself: whoever held them is dead.
func (t *Tx) FreeAll() error {
	_, err := t.exec(`update leases set holder = '', until = 0`)
	return err
}

func scanLease(s scanner) (l Lease, err error) {
	err = s.Scan(&l.Name, &l.Holder, &l.Fence, moment{&l.Until})
	return l, err
}

// Promise is the product in a folder that has no spec yet. Until it has one, it is gone.
func (t *Tx) Promise(repository int64, path string) (Product, error) {
	if _, err := t.exec(`insert into products (repository_id, path, name, gone) values (?, ?, ?, 1) on conflict do nothing`, repository, path, path); err != nil {
		return Product{}, err
	}
	p, _, err := one(t, scanProduct, selectProduct+` where repository_id = ? and path = ?`, repository, path)
	return p, err
}
