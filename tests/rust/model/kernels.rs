//! Every kernel beside a plain twin of it, in double precision and written as the
//! definition reads.

use crate::test;
use headscope::model::kernels::attention::{self, Sizes};
use headscope::model::kernels::distribution::{Distribution, add_likeliest, divergence};
use headscope::model::kernels::matmul::dot_products;
use headscope::model::kernels::tiling::{Tiling, Trial};
use headscope::model::kernels::{Packed, elementwise};
use headscope::prompts::draw::RandomState;

/// Numbers between -range and range.
fn random(stream: &mut RandomState, n: usize, range: f32) -> Vec<f32> {
    (0..n).map(|_| (stream.interval(u32::MAX) as f32 / u32::MAX as f32 - 0.5) * 2.0 * range).collect()
}

#[track_caller]
fn assert_near(ours: &[f32], plain: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), plain.len());
    for (i, (&ours, &plain)) in ours.iter().zip(plain).enumerate() {
        assert!((f64::from(ours) - plain).abs() <= tolerance, "number {i}: {ours} against {plain}");
    }
}

/// x W + y in double precision, W of `width` columns, of which `columns` count.
fn product(x: &[f32], w: &[f32], n_in: usize, width: usize, columns: std::ops::Range<usize>) -> Vec<f64> {
    let cell = |row: &[f32], c: usize| -> f64 {
        (0..n_in).map(|k| f64::from(row[k]) * f64::from(w[k * width + c])).sum()
    };
    x.chunks_exact(n_in).flat_map(|row| columns.clone().map(move |c| cell(row, c))).collect()
}

#[test]
fn a_packed_product_is_the_product_at_every_size() {
    let mut stream = RandomState::new(1);
    // Rows around a tile's four or six and the few of 64, columns around the panel of
    // eight and four of them, depths around the block of 768.
    for rows in [1, 2, 3, 4, 5, 6, 7, 11, 13, 64, 69] {
        for n_out in [1, 7, 8, 9, 24, 33, 72] {
            for n_in in [1, 3, 64, 768, 769, 900] {
                let x = random(&mut stream, rows * n_in, 1.0);
                let w = random(&mut stream, n_in * (n_out + 3), 1.0);
                let before = random(&mut stream, rows * n_out, 1.0);
                let mut y = before.clone();
                Packed::of(&w, n_out + 3, 2..n_out + 2).add_product(&x, &mut y);
                let plain = product(&x, &w, n_in, n_out + 3, 2..n_out + 2);
                let plain: Vec<f64> = plain.iter().zip(&before).map(|(p, b)| p + f64::from(*b)).collect();
                // Sums of n_in numbers below 1, in single precision.
                assert_near(&y, &plain, 2e-6 * (n_in as f64).sqrt() + 1e-6);
            }
        }
    }
}

#[test]
fn every_tiling_gives_the_same_bits() {
    let mut stream = RandomState::new(4);
    for (rows, n_in, n_out) in [(1, 5, 9), (5, 64, 41), (13, 768, 72), (69, 900, 33)] {
        let x = random(&mut stream, rows * n_in, 1.0);
        let w = random(&mut stream, n_in * n_out, 1.0);
        let matrix = Packed::of(&w, n_out, 0..n_out);
        let product = |tiling| {
            let mut y = vec![0.5; rows * n_out];
            matrix.columns(0..n_out).0.add_product_by(tiling, &x, &mut y);
            y.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        for &tiling in Tiling::all() {
            assert_eq!(product(tiling), product(Tiling::all()[0]), "{} {rows} {n_in} {n_out}", tiling.name());
        }
    }
}

/// What a trial chooses of ways that take so many nanoseconds an operation, on a clock
/// that shows time in such steps.
fn chosen(costs: &[f64], tick: f64) -> usize {
    let mut trial = Trial::new(costs.len());
    let mut now = 0.0;
    for product in 0..10_000 {
        if let Some(chosen) = trial.chosen() {
            return chosen;
        }
        let way = trial.next();
        let flop = [15e6, 61e6, 30e6][product % 3];
        let shown = |now: f64| (now / tick).floor() * tick;
        let started = now;
        // Each way's first product takes ten times as long, as in a browser.
        now += flop * costs[way] * 1e-9 * if product < costs.len() { 10.0 } else { 1.0 };
        trial.note(way, shown(now) - shown(started), flop);
        // Something else goes on between.
        now += 0.000_337;
    }
    panic!("the trial has no end")
}

#[test]
fn the_trial_takes_the_fastest_on_a_fine_clock_and_on_a_coarse_one() {
    for tick in [1e-9, 1e-4, 1e-3] {
        assert_eq!(chosen(&[0.02, 0.03, 0.015, 0.02], tick), 2, "{tick}");
        assert_eq!(chosen(&[0.02, 0.03, 0.05], tick), 0, "{tick}");
    }
    // Too little to leave the first for, and a clock that stands still.
    assert_eq!(chosen(&[0.02, 0.0199], 1e-9), 0);
    assert_eq!(chosen(&[0.02, 0.01], 1e9), 0);
}

#[test]
fn dot_products_are_the_product_with_the_transposed() {
    let mut stream = RandomState::new(2);
    for (rows, width, n) in [(1, 1, 3), (3, 5, 64), (4, 2, 66), (9, 7, 130), (5, 67, 24)] {
        let (x, table) = (random(&mut stream, rows * n, 1.0), random(&mut stream, width * n, 1.0));
        let mut y = vec![f32::NAN; rows * width];
        dot_products(&x, &table, n, &mut y);
        let dot = |x: &[f32], w: &[f32]| x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
        let plain: Vec<f64> =
            x.chunks_exact(n).flat_map(|x| table.chunks_exact(n).map(move |w| dot(x, w))).collect();
        assert_near(&y, &plain, 2e-5);
    }
}

#[test]
fn gelu_is_the_tanh_form_over_its_whole_range() {
    // Odd in number, so that the last ones do not fill a vector.
    let x: Vec<f32> = (-40_001..=40_001).map(|i| i as f32 / 2_000.0).collect();
    let mut ours = x.clone();
    elementwise::gelu(&mut ours);
    for (&x, &ours) in x.iter().zip(&ours) {
        let x = f64::from(x);
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        let plain = 0.5 * x * (1.0 + inner.tanh());
        // Half of x times the stated error of tanh, and the rounding of the rest.
        let tolerance = x.abs() * (0.5 * 2.5e-7 + 1.8e-7) + 1e-9;
        assert!((f64::from(ours) - plain).abs() <= tolerance, "gelu({x}) = {ours} against {plain}");
    }
    // It is not the exact form, which differs by 5e-4 at most.
    let mut exact = x.clone();
    elementwise::gelu_exact(&mut exact);
    let apart = ours.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!((2e-4..1e-3).contains(&apart), "{apart}");
    // Φ(1), Φ(2), Φ(1/2) and, far below 0, Φ(-3) and Φ(-5) to all digits, from tables.
    let mut known = [1.0, 2.0, 0.5, -3.0, -5.0, 0.0];
    elementwise::gelu_exact(&mut known);
    let wanted = [0.841_344_746, 1.954_499_736, 0.345_731_231, -0.004_049_694, -1.433_258e-6, 0.0];
    assert_near(&known, &wanted, 1e-7);
    assert!((known[4] / -1.433_258e-6 - 1.0).abs() < 1e-5, "{}", known[4]);
    let mut extreme = [f32::MIN, -1e30, 1e30, f32::NAN];
    elementwise::gelu(&mut extreme);
    assert_eq!(extreme[2], 1e30);
    assert_eq!((extreme[0], extreme[1]), (0.0, 0.0));
    assert!(extreme[3].is_nan(), "what is broken must stay visible");
}

#[test]
fn layer_norm_is_its_definition() {
    let mut stream = RandomState::new(3);
    for n in [1, 6, 16, 37, 768] {
        let (weight, bias) = (random(&mut stream, n, 2.0), random(&mut stream, n, 1.0));
        // GPT-2's residual stream has a mean far from 0 in places.
        let x: Vec<f32> = random(&mut stream, 3 * n, 1.0).iter().map(|x| x + 10.0).collect();
        let y = elementwise::layer_norm(&x, &weight, &bias, 1e-5);
        let mut plain = Vec::new();
        for row in x.chunks_exact(n) {
            let row: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
            let mean = row.iter().sum::<f64>() / n as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
            plain.extend(row.iter().enumerate().map(|(i, x)| {
                (x - mean) / (variance + 1e-5).sqrt() * f64::from(weight[i]) + f64::from(bias[i])
            }));
        }
        assert_near(&y, &plain, 2e-5);
    }
}

#[test]
fn attention_is_its_definition_and_sees_nothing_that_comes_later() {
    let mut stream = RandomState::new(4);
    for (batch, tokens, n_head, d_head) in [(2, 13, 3, 64), (1, 1, 1, 4), (3, 5, 2, 6), (1, 21, 2, 3)] {
        let sizes = Sizes { batch, tokens, n_head, d_head };
        let n = batch * tokens * n_head * d_head;
        // Scores up to some 40 either way: rows that are all but one source, too.
        let [q, k, v] = [4.0, 4.0, 1.0].map(|range| random(&mut stream, n, range));
        let rows: Vec<usize> = (0..batch * tokens).collect();
        let mut pattern = vec![f32::NAN; batch * n_head * tokens * tokens];
        // 1/√e, and what a layer further up of a rare model has.
        let scale = if n_head == 3 { 0.3 } else { 1.0 / (d_head as f32).sqrt() };
        attention::pattern(&q, &k, &rows, sizes, scale, &mut pattern);
        let z = attention::mix(&pattern, &v, &rows, sizes);
        let at = |x: &[f32], b: usize, t: usize, h: usize, e: usize| {
            f64::from(x[((b * tokens + t) * n_head + h) * d_head + e])
        };
        let (mut plain, mut mixed) = (Vec::new(), vec![0.0; n]);
        for (b, h) in (0..batch).flat_map(|b| (0..n_head).map(move |h| (b, h))) {
            for t in 0..tokens {
                let score = |s: usize| -> f64 {
                    let dot = (0..d_head).map(|e| at(&q, b, t, h, e) * at(&k, b, s, h, e)).sum::<f64>();
                    dot * f64::from(scale)
                };
                let scores: Vec<f64> = (0..=t).map(score).collect();
                let largest = scores.iter().copied().fold(f64::MIN, f64::max);
                let exps: Vec<f64> = scores.iter().map(|s| (s - largest).exp()).collect();
                let sum: f64 = exps.iter().sum();
                for (s, e) in exps.iter().enumerate() {
                    for i in 0..d_head {
                        mixed[((b * tokens + t) * n_head + h) * d_head + i] += e / sum * at(&v, b, s, h, i);
                    }
                }
                plain.extend(exps.iter().map(|e| e / sum));
                plain.extend(vec![0.0; tokens - t - 1]);
            }
        }
        assert_near(&pattern, &plain, 4e-6);
        assert_near(&z, &mixed, 8e-6);
    }
}

#[test]
fn what_logits_say_is_by_the_definition() {
    let mut stream = RandomState::new(5);
    for (n, range) in [(1, 1.0), (7, 3.0), (64, 1e-3), (5003, 12.0), (50_257, 60.0)] {
        let (p, q) = (random(&mut stream, n, range), random(&mut stream, n, range));
        let plain = |row: &[f32]| row.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln();
        let (of_p, of_q) = (plain(&p), plain(&q));
        let terms = || p.iter().zip(&q).map(|(&p, &q)| (f64::from(p) - of_p, f64::from(q) - of_q));
        let entropy: f64 = terms().map(|(p, _)| -p.exp() * p).sum();
        let kl: f64 = terms().map(|(p, q)| p.exp() * (p - q)).sum();
        let distribution = Distribution::of(&p);
        let (normaliser, found) = (distribution.log_sum_exp(), distribution.entropy());
        let near = |found: f64, plain: f64| (found - plain).abs() <= 1e-6 * plain.abs().max(1.0);
        assert!(near(normaliser, of_p), "{n}: {normaliser} against {of_p}");
        assert!(near(found, entropy), "{n}: {found} against {entropy}");
        assert!(near(divergence(&p, &q), kl), "{n}: {} against {kl}", divergence(&p, &q));
        assert_eq!(divergence(&p, &p), 0.0);
        // In parts, of which one may be empty.
        for cut in [0, 1, n / 3, n] {
            let parts = Distribution::of(&p[..cut]).and(Distribution::of(&p[cut..]));
            assert!(near(parts.log_sum_exp(), of_p) && near(parts.entropy(), entropy), "{n} at {cut}");
            let mut likeliest = Vec::new();
            add_likeliest(&mut likeliest, 5, 0, &p[..cut]);
            add_likeliest(&mut likeliest, 5, cut, &p[cut..]);
            let mut plain: Vec<(u32, f32)> = p.iter().enumerate().map(|(id, &x)| (id as u32, x)).collect();
            plain.sort_by(|a, b| b.1.total_cmp(&a.1));
            plain.truncate(5);
            assert_eq!(likeliest, plain, "{n} at {cut}");
        }
    }
    // A row that is not all numbers says nothing, one that rules tokens out does.
    let zeros = Distribution::of(&[0.0; 5]);
    for row in
        [&[0.0, f32::NAN, 1.0][..], &[f32::INFINITY, 1.0], &[f32::NAN; 6], &[f32::NAN, f32::NEG_INFINITY]]
    {
        for distribution in
            [Distribution::of(row), Distribution::of(row).and(zeros), zeros.and(Distribution::of(row))]
        {
            assert!(distribution.log_sum_exp().is_nan() && distribution.entropy().is_nan(), "{row:?}");
        }
    }
    let row = [0.0, f32::NEG_INFINITY, 0.0, 0.0, f32::NEG_INFINITY];
    for distribution in [Distribution::of(&row), Distribution::of(&row).and(Distribution::of(&row[1..2]))] {
        let (normaliser, entropy) = (distribution.log_sum_exp(), distribution.entropy());
        assert!((normaliser - 3_f64.ln()).abs() < 1e-6 && (entropy - 3_f64.ln()).abs() < 1e-6);
    }
}
