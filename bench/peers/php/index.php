<?php
/*
 * The order routes in PHP, for comparison: POST /orders/create, GET /orders and
 * GET /orders/{id} below /api/v1. README.md says how it was tuned.
 *
 * Amounts are minor units (integers) inside, and numbers with two digits in
 * answers. Environment: PEER_KEY, PEER_SOCKET, PEER_USER, PEER_PASSWORD, and
 * PEER_DATABASE (the name of a market is put behind it).
 */
declare(strict_types=1);

const PREFIX = '/api/v1';
const LINES_MAX = 100;
const QUANTITY_MAX = 100;
const TRIES = 4;
const DUPLICATE = 1062;         // errors of the database
const NO_PARENT = 1452;
const DEADLOCK = 1213;
const LOCK_WAIT = 1205;

/* tax: per cent, in the prices or added to them; cost of delivery, free from. */
const MARKETS = [
    'kg' => ['currency' => 'KGS', 'tax' => 12, 'included' => true,
        'cost' => 15000, 'free_from' => 500000, 'zone' => '+06:00'],
    'us' => ['currency' => 'USD', 'tax' => 8, 'included' => false,
        'cost' => 999, 'free_from' => 10000, 'zone' => '-05:00'],
];

/* A request that is refused: status, stable code, text. */
final class Refusal extends Exception
{
    public function __construct(int $status, public string $error, string $text)
    {
        parent::__construct($text, $status);
    }
}

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo json_encode($body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
        | JSON_THROW_ON_ERROR);
}

// ---- the token

function unbase64(string $text): string
{
    return (string)base64_decode(strtr($text, '-_', '+/'), true);
}

/* Checks the token; gives the user's id and the market. */
function authenticate(): array
{
    $header = $_SERVER['HTTP_AUTHORIZATION'] ?? '';
    $parts = explode('.', substr($header, 7));
    $bad = new Refusal(401, 'invalid_token', 'The token is not valid');
    if (strncasecmp($header, 'Bearer ', 7) !== 0 || count($parts) !== 3) {
        throw $bad;
    }
    $key = (string)getenv('PEER_KEY');
    $mac = hash_hmac('sha256', "$parts[0].$parts[1]", $key, true);
    if ($key === '' || !hash_equals($mac, unbase64($parts[2]))) {
        throw $bad;
    }
    $head = json_decode(unbase64($parts[0]), true);
    $claims = json_decode(unbase64($parts[1]), true);
    if (($head['alg'] ?? null) !== 'HS256' || !is_int($claims['exp'] ?? null)
        || $claims['exp'] <= time() || !is_string($claims['sub'] ?? null)
        || !preg_match('/^[1-9][0-9]{0,17}$/D', $claims['sub'])
        || !isset(MARKETS[$claims['market'] ?? ''])) {
        throw $bad;
    }
    return [(int)$claims['sub'], $claims['market']];
}

// ---- the database

function database(string $market): PDO
{
    return new PDO(
        'mysql:unix_socket=' . getenv('PEER_SOCKET') . ';dbname='
        . getenv('PEER_DATABASE') . "_$market;charset=utf8mb4",
        (string)getenv('PEER_USER'),
        (string)getenv('PEER_PASSWORD'),
        [PDO::ATTR_PERSISTENT => true, PDO::ATTR_EMULATE_PREPARES => true,
            PDO::MYSQL_ATTR_FOUND_ROWS => true,
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]
    );
}

function run(PDO $db, string $sql, array $values): PDOStatement
{
    $statement = $db->prepare($sql);
    foreach ($values as $i => $value) {
        $statement->bindValue($i + 1, $value, match (true) {
            is_int($value) => PDO::PARAM_INT,
            $value === null => PDO::PARAM_NULL,
            default => PDO::PARAM_STR,
        });
    }
    $statement->execute();
    return $statement;
}

function places(int $n, string $one = '?'): string
{
    return implode(',', array_fill(0, $n, $one));
}

// ---- showing orders

const ORDER_COLUMNS = 'o.id, o.order_number, o.status, o.customer_name,
    o.customer_phone, o.customer_email, o.delivery_address, o.delivery_city,
    o.delivery_state, o.delivery_postcode, o.delivery_notes, o.payment_method,
    o.subtotal_minor, o.shipping_minor, o.tax_minor, o.total_minor,
    o.created_at, o.updated_at';
const LINE_COLUMNS = 'i.line_no, i.product_name, i.sku_code, i.size, i.color,
    i.unit_price_minor, i.quantity, i.total_minor';
const LINE_AT = 18;             // the first of LINE_COLUMNS

function amount(int $minor): float
{
    return $minor / 100;
}

function moment(string $time): string
{
    return substr($time, 0, 10) . 'T' . substr($time, 11, 8) . 'Z';
}

/* An order of a row of ORDER_COLUMNS, without lines. */
function orderOf(array $r, int $user, string $market): array
{
    $rules = MARKETS[$market];
    return [
        'id' => $r[0], 'order_number' => $r[1], 'status' => $r[2],
        'user_id' => $user, 'market' => $market, 'customer_name' => $r[3],
        'customer_phone' => $r[4], 'customer_email' => $r[5],
        'delivery_address' => $r[6], 'delivery_city' => $r[7],
        'delivery_state' => $r[8], 'delivery_postcode' => $r[9],
        'delivery_notes' => $r[10], 'payment_method' => $r[11],
        'subtotal' => amount($r[12]), 'shipping_cost' => amount($r[13]),
        'tax_amount' => amount($r[14]), 'tax_included' => $rules['included'],
        'total_amount' => amount($r[15]), 'currency' => $rules['currency'],
        'order_date' => moment($r[16]), 'created_at' => moment($r[16]),
        'updated_at' => moment($r[17]), 'items' => [],
    ];
}

/* A line of a row, whose LINE_COLUMNS begin at this column. */
function lineOf(int $order, array $r, int $at): array
{
    return [
        'id' => $order * LINES_MAX + $r[$at] - 1,
        'product_name' => $r[$at + 1], 'sku_code' => $r[$at + 2],
        'size' => $r[$at + 3], 'color' => $r[$at + 4],
        'unit_price' => amount($r[$at + 5]), 'quantity' => $r[$at + 6],
        'total_price' => amount($r[$at + 7]),
    ];
}

/* The orders that the subquery finds, newest first, with their lines in the
 * order of the primary key. */
function readOrders(
    PDO $db,
    int $user,
    string $market,
    string $from,
    array $values
): array {
    $rows = run($db, 'SELECT ' . ORDER_COLUMNS . ', ' . LINE_COLUMNS
        . " FROM ($from) page JOIN orders o ON o.id = page.id"
        . ' JOIN order_items i ON i.order_id = o.id'
        . ' ORDER BY o.created_at DESC, o.id DESC, i.line_no', $values);
    $orders = [];
    while ($r = $rows->fetch(PDO::FETCH_NUM)) {
        $orders[$r[0]] ??= orderOf($r, $user, $market);
        $orders[$r[0]]['items'][] = lineOf($r[0], $r, LINE_AT);
    }
    return array_values($orders);
}

function queryInt(string $name, int $default, int $min, int $max): int
{
    $value = filter_var($_GET[$name] ?? $default, FILTER_VALIDATE_INT,
        ['options' => ['min_range' => $min, 'max_range' => $max]]);
    if ($value === false) {
        throw new Refusal(422, 'validation_error', "$name is not valid");
    }
    return $value;
}

function listOrders(int $user, string $market): void
{
    answer(200, readOrders(database($market), $user, $market,
        'SELECT id FROM orders WHERE user_id = ?'
        . ' ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?',
        [$user, queryInt('limit', 20, 1, 100),
            queryInt('offset', 0, 0, PHP_INT_MAX)]));
}

function showOrder(int $user, string $market, int $id): void
{
    $found = readOrders(database($market), $user, $market,
        'SELECT id FROM orders WHERE id = ? AND user_id = ?', [$id, $user]);
    if (!$found) {
        throw new Refusal(404, 'order_not_found', 'Order not found');
    }
    answer(200, $found[0]);
}

// ---- making an order

/* Name of a text: least and most characters, and whether it is required. */
const TEXTS = [
    'customer_name' => [1, 255, true], 'customer_phone' => [10, 20, true],
    'customer_email' => [0, 255, false],
    'delivery_address' => [5, 500, true], 'delivery_city' => [0, 100, false],
    'delivery_state' => [0, 100, false],
    'delivery_postcode' => [0, 20, false],
    'delivery_notes' => [0, 500, false], 'payment_method' => [1, 50, true],
];

function unprocessable(string $what): Refusal
{
    return new Refusal(422, 'validation_error', "$what is not valid");
}

/* The texts of a body, in the order of TEXTS. */
function readTexts(array $body): array
{
    $texts = [];
    foreach (TEXTS as $name => [$min, $max, $required]) {
        $text = $body[$name] ?? null;
        if ($text === null && !$required) {
            $texts[] = null;
            continue;
        }
        // The number of characters, or 0 if it is not UTF-8.
        $length = is_string($text) ? (int)preg_match_all('/./us', $text) : -1;
        if ($length < $min || $length > $max) {
            throw unprocessable($name);
        }
        $texts[] = $text;
    }
    return $texts;
}

/* Quantities by SKU, in the order of the ids: all lock in this order. */
function readWants(array $body): array
{
    $items = $body['items'] ?? null;
    if (!is_array($items) || !$items || count($items) > LINES_MAX) {
        throw new Refusal(400, 'no_items', 'No items to order');
    }
    $wants = [];
    foreach ($items as $item) {
        $sku = $item['sku_id'] ?? null;
        $quantity = $item['quantity'] ?? null;
        if (!is_int($sku) || $sku < 1 || !is_int($quantity) || $quantity < 1) {
            throw unprocessable('items');
        }
        $wants[$sku] = ($wants[$sku] ?? 0) + $quantity;
    }
    if (max($wants) > QUANTITY_MAX) {
        throw unprocessable('quantity');
    }
    ksort($wants);
    return $wants;
}

/* Lines of an order: rows as LINE_COLUMNS has them. Without a lock. */
function readGoods(PDO $db, array $wants): array
{
    $rows = run($db, 'SELECT s.id, s.price_minor, s.stock, p.title, s.sku_code,
        s.size, s.color FROM skus s JOIN products p ON p.id = s.product_id
        WHERE s.id IN (' . places(count($wants)) . ')', array_keys($wants))
        ->fetchAll(PDO::FETCH_NUM);
    $goods = array_column($rows, null, 0);
    $lines = [];
    foreach ($wants as $sku => $quantity) {
        $g = $goods[$sku]
            ?? throw new Refusal(404, 'sku_not_found', "No SKU $sku");
        if ($g[2] < $quantity) {
            throw new Refusal(400, 'insufficient_stock', "Not enough $g[3]");
        }
        $lines[] = [count($lines) + 1, $g[3], $g[4], $g[5], $g[6], $g[1],
            $quantity, $g[1] * $quantity];
    }
    return $lines;
}

/* Subtotal, shipping, tax and total. */
function price(string $market, array $lines): array
{
    $rules = MARKETS[$market];
    $subtotal = array_sum(array_column($lines, 7));
    $shipping = $subtotal >= $rules['free_from'] ? 0 : $rules['cost'];
    $whole = $rules['included'] ? 100 + $rules['tax'] : 100;
    $tax = intdiv(2 * $subtotal * $rules['tax'] + $whole, 2 * $whole);
    return [$subtotal, $shipping, $tax,
        $subtotal + $shipping + ($rules['included'] ? 0 : $tax)];
}

/* "MQ-20251102-" and 12 random letters and digits, the date is the market's. */
function orderNumber(string $market): string
{
    $zone = new DateTimeZone(MARKETS[$market]['zone']);
    return 'MQ-' . (new DateTime('now', $zone))->format('Ymd') . '-'
        . strtoupper(bin2hex(random_bytes(6)));
}

/* Takes the stock under guard. False if some of it is gone meanwhile. */
function takeStock(PDO $db, array $wants): bool
{
    $case = $guard = $values = $guards = [];
    foreach ($wants as $sku => $quantity) {
        $case[] = 'WHEN ? THEN ?';
        $guard[] = '(id = ? AND stock >= ?)';
        array_push($values, $sku, $quantity);
    }
    return run($db, 'UPDATE skus FORCE INDEX (PRIMARY)'
        . ' SET stock = stock - CASE id '
        . implode(' ', $case) . ' END WHERE ' . implode(' OR ', $guard)
        . ' ORDER BY id', [...$values, ...$values])
        ->rowCount() === count($wants);
}

/* One transaction. Gives the order with its lines. */
function writeOrder(
    PDO $db,
    int $user,
    string $market,
    array $texts,
    array $wants
): array {
    $lines = readGoods($db, $wants);
    $amounts = price($market, $lines);
    $number = orderNumber($market);
    $now = (new DateTime('now'))->format('Y-m-d H:i:s.u');
    $db->beginTransaction();
    run($db, 'INSERT INTO orders (user_id, order_number, customer_name,
        customer_phone, customer_email, delivery_address, delivery_city,
        delivery_state, delivery_postcode, delivery_notes, payment_method,
        subtotal_minor, shipping_minor, tax_minor, total_minor, created_at,
        updated_at) VALUES (' . places(17) . ')',
        [$user, $number, ...$texts, ...$amounts, $now, $now]);
    $id = (int)$db->lastInsertId();
    $values = [];
    foreach (array_keys($wants) as $i => $sku) {
        $l = $lines[$i];
        array_push($values, $id, $sku, ...$l);
    }
    run($db, 'INSERT INTO order_items (order_id, sku_id, line_no, product_name,
        sku_code, size, color, unit_price_minor, quantity, total_minor) VALUES '
        . places(count($lines), '(' . places(10) . ')'), $values);
    if (!takeStock($db, $wants)) {
        throw new Refusal(400, 'insufficient_stock', 'Not enough stock');
    }
    $db->commit();
    $order = orderOf([$id, $number, 'pending', ...$texts, ...$amounts, $now,
        $now], $user, $market);
    foreach ($lines as $l) {
        $order['items'][] = lineOf($id, $l, 0);
    }
    return $order;
}

function createOrder(int $user, string $market): void
{
    $body = json_decode((string)file_get_contents('php://input'), true, 8);
    if (!is_array($body)) {
        throw unprocessable('body');
    }
    $texts = readTexts($body);
    $wants = readWants($body);
    $db = database($market);
    for ($try = 1;; $try++) {
        try {
            answer(200, writeOrder($db, $user, $market, $texts, $wants));
            return;
        } catch (PDOException $e) {
            $code = $e->errorInfo[1] ?? 0;
            if ($db->inTransaction()) {
                $db->rollBack();
            }
            if ($code === NO_PARENT) {
                throw new Refusal(401, 'invalid_token', 'No such user');
            }
            if (!in_array($code, [DEADLOCK, LOCK_WAIT, DUPLICATE], true)
                || $try === TRIES) {
                throw $e;
            }
            usleep(random_int(500, 2000) * $try);
        } catch (Refusal $e) {
            if ($db->inTransaction()) {
                $db->rollBack();
            }
            throw $e;
        }
    }
}

// ---- dispatch

function dispatch(): void
{
    $path = $_SERVER['DOCUMENT_URI'] ?? '';
    $path = str_starts_with($path, PREFIX)
        ? substr($path, strlen(PREFIX)) : '';
    $get = $_SERVER['REQUEST_METHOD'] === 'GET';
    if ($path === '/orders/create' && !$get) {
        createOrder(...authenticate());
    } elseif ($path === '/orders' && $get) {
        listOrders(...authenticate());
    } elseif ($get && preg_match('#^/orders/([0-9]{1,18})$#D', $path, $m)) {
        showOrder(...authenticate(), id: (int)$m[1]);
    } else {
        throw new Refusal(404, 'not_found', 'Not Found');
    }
}

try {
    dispatch();
} catch (Refusal $e) {
    answer($e->getCode(), ['success' => false, 'error' => $e->error,
        'message' => $e->getMessage(), 'status_code' => $e->getCode()]);
} catch (Throwable $e) {
    error_log((string)$e);
    answer(500, ['success' => false, 'error' => 'internal_error',
        'message' => 'Internal server error', 'status_code' => 500]);
}
